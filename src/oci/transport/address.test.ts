import { describe, expect, it } from 'vitest';
import {
  BlockedAddressError,
  blockedAddress,
  blockedHostname,
  guardedLookup,
  type Lookup,
} from './address.ts';

const open = { allowLoopback: true };
const closed = { allowLoopback: false };

describe('blockedAddress', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    'fe80::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '::a9fe:a9fe',
  ])('refuses %s always', (address) => {
    expect(blockedAddress(address, open)).toBeTypeOf('string');
    expect(blockedAddress(address, closed)).toBeTypeOf('string');
  });

  it.each(['127.0.0.1', '127.1.2.3', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])(
    'refuses %s where loopback is not allowed',
    (address) => {
      expect(blockedAddress(address, open)).toBeUndefined();
      expect(blockedAddress(address, closed)).toContain('loopback');
    },
  );

  it.each(['10.0.0.1', '192.168.1.1', '1.1.1.1', '2001:db8::1', 'fd12:3456::1', '64:ff9b::101:101'])(
    'lets %s pass',
    (address) => {
      expect(blockedAddress(address, closed)).toBeUndefined();
    },
  );
});

describe('blockedHostname', () => {
  it('checks addresses in whatever way a URL may spell them', () => {
    for (const spelled of [
      '169.254.169.254',
      '0xa9fea9fe',
      '2852039166',
      '0251.0376.0251.0376',
      '[::ffff:169.254.169.254]',
    ]) {
      expect(blockedHostname(new URL(`http://${spelled}/`).hostname, open)).toContain('metadata');
    }
  });

  it('leaves names to the lookup', () => {
    expect(blockedHostname('metadata.google.internal', open)).toBeUndefined();
  });
});

describe('guardedLookup', () => {
  const resolveTo =
    (...addresses: readonly string[]): Lookup =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  const find = (lookup: Lookup, all: boolean, policy = open) =>
    new Promise((resolve, reject) => {
      guardedLookup({ ...policy, lookup })('name.example', { all }, (error, found, family) =>
        error === null ? resolve(all ? found : [found, family]) : reject(error),
      );
    });

  it('gives the addresses that it checked', async () => {
    expect(await find(resolveTo('10.0.0.1', '2001:db8::1'), true)).toEqual([
      { address: '10.0.0.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
    expect(await find(resolveTo('10.0.0.1', '2001:db8::1'), false)).toEqual(['10.0.0.1', 4]);
  });

  it('refuses a name with one bad address among good ones', async () => {
    await expect(find(resolveTo('10.0.0.1', '169.254.169.254'), true)).rejects.toThrow(BlockedAddressError);
    await expect(find(resolveTo('10.0.0.1', '169.254.169.254'), false)).rejects.toThrow(
      'name.example: 169.254.169.254 is a link-local or metadata address',
    );
  });

  it('refuses names of this machine where loopback is not allowed', async () => {
    await expect(find(resolveTo('127.0.0.1'), true, closed)).rejects.toThrow(BlockedAddressError);
    await expect(find(resolveTo('127.0.0.1'), true)).resolves.toHaveLength(1);
  });

  it('passes on why a name does not resolve', async () => {
    const failing: Lookup = (_name, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    await expect(find(failing, true)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
