import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProxyChooser } from './proxy.ts';

const https = new URL('http://secure-proxy.example:3128');
const http = new URL('http://plain-proxy.example:3128');

const isProxied = (noProxy: string, url: string): boolean =>
  createProxyChooser({ http, https, noProxy })(new URL(url)) !== undefined;

describe('createProxyChooser', () => {
  it('has one proxy for https and one for http', () => {
    const choose = createProxyChooser({ http, https, noProxy: '' });
    expect(choose(new URL('https://quay.io/v2/'))).toBe(https);
    expect(choose(new URL('http://quay.io/v2/'))).toBe(http);
    const onlyHttp = createProxyChooser({ http, noProxy: '' });
    expect(onlyHttp(new URL('https://quay.io/v2/'))).toBeUndefined();
  });

  it.each(['https://localhost:5000', 'https://127.0.0.1:5000', 'http://127.9.9.9', 'https://[::1]:5000'])(
    'asks this machine directly: %s',
    (url) => {
      expect(isProxied('', url)).toBe(false);
    },
  );

  it.each([
    ['*', 'https://quay.io', false],
    ['quay.io', 'https://quay.io', false],
    ['quay.io', 'https://cdn.quay.io', false],
    ['quay.io', 'https://notquay.io', true],
    ['QUAY.io', 'https://quay.io', false],
    ['.quay.io', 'https://cdn.quay.io', false],
    ['.quay.io', 'https://quay.io', true],
    ['*.quay.io', 'https://cdn.quay.io', false],
    ['quay.io:443', 'https://quay.io', false],
    ['quay.io:8443', 'https://quay.io', true],
    ['quay.io:80', 'http://quay.io', false],
    ['10.0.0.0/8', 'https://10.1.2.3:5000', false],
    ['10.0.0.0/8', 'https://11.1.2.3:5000', true],
    ['10.0.0.0/8', 'https://registry.example', true],
    ['fd00::/8', 'https://[fd00::1]:5000', false],
    ['192.168.1.1', 'https://192.168.1.1', false],
    ['192.168.1.1', 'https://192.168.1.10', true],
    ['2001:db8::1', 'https://[2001:db8::1]', false],
    ['[2001:db8::1]:5000', 'https://[2001:db8::1]:5000', false],
    ['[2001:db8::1]:5000', 'https://[2001:db8::1]:5001', true],
    ['10.0.0.0/99', 'https://10.0.0.1', true],
    ['a.io, .svc  ,b.io', 'https://registry.ns.svc:5000', false],
    ['a.io, .svc  ,b.io', 'https://b.io', false],
  ])('with NO_PROXY=%s and %s: %s', (noProxy, url, expected) => {
    expect(isProxied(noProxy, url)).toBe(expected);
  });

  it('goes around the proxy for a name and everything below it, and for nothing else', () => {
    const label = constantFrom('a', 'b', 'ab', 'io');
    const name = array(label, { minLength: 1, maxLength: 4 });
    assert(
      property(name, name, (listed, asked) => {
        const isBelow =
          asked.length >= listed.length && asked.slice(-listed.length).join('.') === listed.join('.');
        expect(isProxied(listed.join('.'), `https://${asked.join('.')}`)).toBe(!isBelow);
      }),
    );
  });
});
