import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses that no registry has: a request there asks a machine's own metadata service for its secrets. */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16); // link-local; AWS, Azure, GCP, OpenStack metadata
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6'); // AWS metadata
forbidden.addAddress('fd20:ce::254', 'ipv6'); // GCP metadata
forbidden.addAddress('100.100.100.200'); // Alibaba metadata
forbidden.addAddress('168.63.129.16'); // Azure wire server
forbidden.addAddress('192.0.0.192'); // Oracle metadata
forbidden.addSubnet('224.0.0.0', 4); // multicast
forbidden.addSubnet('ff00::', 8, 'ipv6');

/** The unspecified address reaches this machine as loopback does. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addSubnet('0.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');
loopback.addAddress('::', 'ipv6');

/** Prefixes under which IPv6 carries an IPv4 address in its last 32 bits (NAT64, and the deprecated compatible form). */
const embedding = new BlockList();
embedding.addSubnet('64:ff9b::', 96, 'ipv6');
embedding.addSubnet('::', 96, 'ipv6');

/** All addresses of a name, as `dns.lookup` finds them. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What the operator decides about addresses; the rest is fixed. */
export type AddressPolicy = {
  /** Whether registries may run on this machine. */
  readonly allowLoopback: boolean;
  /** Default the system's. */
  readonly lookup?: Lookup | undefined;
};

/** The connection was refused by us, before any packet. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

const embeddedIpv4 = (address: string): string | undefined => {
  if (!embedding.check(address, 'ipv6')) return undefined;
  // WHATWG URLs write IPv6 in one canonical form, whatever form came in.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

/** Why an IP address may not be dialled, or `undefined`. IPv4 addresses inside IPv6 ones are seen through. */
export const blockedAddress = (address: string, policy: AddressPolicy): string | undefined => {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (!policy.allowLoopback && loopback.check(address, family)) return `${address} is a loopback address`;
  if (forbidden.check(address, family)) return `${address} is a link-local or metadata address`;
  const inner = family === 'ipv6' && !loopback.check(address, family) ? embeddedIpv4(address) : undefined;
  return inner === undefined ? undefined : blockedAddress(inner, policy);
};

/** Refuses addresses written as such: they are dialled without a lookup. */
export const blockedHostname = (hostname: string, policy: AddressPolicy): string | undefined => {
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(literal) === 0 ? undefined : blockedAddress(literal, policy);
};

/**
 * A DNS lookup that fails when any address of a name may not be dialled. It answers the socket itself, so that the address that
 * was checked is the address that is dialled.
 */
export const guardedLookup =
  (policy: AddressPolicy): LookupFunction =>
  (hostname, options, callback) => {
    const { lookup = systemLookup } = policy;
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const problem = addresses
        .map(({ address }) => blockedAddress(address, policy))
        .find((found) => found !== undefined);
      const [first] = addresses;
      if (problem !== undefined) callback(new BlockedAddressError(`${hostname}: ${problem}`), []);
      else if (options.all === true || first === undefined) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
