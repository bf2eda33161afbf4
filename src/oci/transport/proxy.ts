import { BlockList, isIP } from 'node:net';

/** Which HTTP proxies requests go through. */
export type ProxySettings = {
  /** For requests over https, by a tunnel. Default none. */
  readonly https?: URL | undefined;
  /** For requests over http. Default none. */
  readonly http?: URL | undefined;
  /** What is asked without a proxy, as in `NO_PROXY`. */
  readonly noProxy: string;
};

/** The proxy for a URL, or `undefined`: it is asked directly. */
export type ChooseProxy = (url: URL) => URL | undefined;

type Rule = (hostname: string, port: string) => boolean;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const subnetRule = (network: string, prefixLength: number): Rule => {
  const subnet = new BlockList();
  subnet.addSubnet(network, prefixLength, familyOf(network));
  return (hostname) => isIP(hostname) !== 0 && subnet.check(hostname, familyOf(hostname));
};

const nameRule = (name: string, port: string | undefined): Rule => {
  const domain = name.replace(/^\*?\./, '');
  const isSubdomainsOnly = domain !== name;
  return (hostname, asked) =>
    (port === undefined || port === asked) &&
    (hostname.endsWith(`.${domain}`) || (hostname === domain && !isSubdomainsOnly));
};

const parseRule = (entry: string): Rule => {
  if (entry === '*') return () => true;
  const subnet = /^(.+)\/(\d{1,3})$/.exec(entry);
  const length = Number(subnet?.[2]);
  const version = isIP(subnet?.[1] ?? '');
  if (version !== 0 && length <= (version === 6 ? 128 : 32)) return subnetRule(subnet?.[1] ?? '', length);
  if (isIP(entry) === 6) return nameRule(entry, undefined);
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return nameRule(name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''), port);
};

const loopback = subnetRule('127.0.0.0', 8);
const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '::1' || loopback(hostname, '');

/**
 * Chooses as programs in Go do, because those are what these variables are usually written for: a name stands for itself and
 * everything below, one with a dot in front for what is below only; addresses, subnets, ports and `*` may be named; this machine is
 * never asked through a proxy.
 *
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export const createProxyChooser = ({ http, https, noProxy }: ProxySettings): ChooseProxy => {
  const rules = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseRule);
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (proxy === undefined || isThisMachine(hostname)) return undefined;
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return rules.some((rule) => rule(hostname, port)) ? undefined : proxy;
  };
};
