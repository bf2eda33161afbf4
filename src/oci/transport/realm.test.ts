import { describe, expect, it } from 'vitest';
import { checkRealm } from './realm.ts';

const check = (registry: string, realm: string, trusted: readonly string[] = []) =>
  checkRealm(realm, new URL(registry), trusted);

describe('checkRealm', () => {
  it.each([
    ['the registry itself', 'https://quay.io', 'https://quay.io/v2/auth'],
    ['another port of it', 'https://registry.corp:5000', 'https://registry.corp:5001/token'],
    ['a neighbour', 'https://registry-1.docker.io', 'https://auth.docker.io/token'],
    ['its parent', 'https://registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['a host below it', 'https://harbor.example.com', 'https://token.harbor.example.com/'],
    ['a relative further away', 'https://reg.a.example.com', 'https://auth.b.example.com/'],
    ['a neighbour under a country', 'https://registry.example.co.uk', 'https://auth.example.co.uk/'],
    ['a known token server', 'https://registry.redhat.io', 'https://sso.redhat.com/auth/realms/rhcc/token'],
    ['an address', 'https://10.1.2.3:5000', 'https://10.1.2.3:5001/token'],
    ['an IPv6 address', 'https://[2001:db8::1]:5000', 'https://[2001:db8::1]/token'],
    ['one with a query of its own', 'https://quay.io', 'https://quay.io/auth?x=1'],
    ['http where the registry itself is', 'http://127.0.0.1:5000', 'http://127.0.0.1:5001/token'],
  ])('accepts %s', (_name, registry, realm) => {
    expect(check(registry, realm)).toEqual({ ok: true, realm: new URL(realm) });
  });

  it.each([
    ['a stranger', 'https://registry.example.com', 'https://auth.evil.com/'],
    ['a host that ends the same', 'https://example.com', 'https://evilexample.com/'],
    ['a host that begins the same', 'https://quay.io', 'https://quay.io.evil.com/'],
    ['a metadata address', 'https://registry.example.com', 'https://169.254.169.254/latest'],
    ['another address', 'https://10.1.2.3', 'https://10.1.2.4/'],
    ['an address that ends the same', 'https://1.2.3.4', 'https://9.9.3.4/'],
    ['a neighbour under a public suffix', 'https://registry.co.uk', 'https://evil.co.uk/'],
    ['a neighbour at a host of strangers', 'https://a.azurecr.io', 'https://b.azurecr.io/'],
    ['a bucket next to ECR', 'https://1.dkr.ecr.eu-west-1.amazonaws.com', 'https://b.s3.amazonaws.com/'],
    ['a single label', 'https://registry', 'https://auth/'],
    ['the token server of another registry', 'https://quay.io', 'https://auth.docker.io/token'],
    ["another registry's known token server", 'https://quay.io', 'https://sso.redhat.com/'],
    ['http where the registry is https', 'https://quay.io', 'http://quay.io/v2/auth'],
    ['a file', 'https://quay.io', 'file:///etc/passwd'],
    ['credentials in the URL', 'https://quay.io', 'https://quay.io@evil.com/'],
    ['credentials for itself in the URL', 'https://quay.io', 'https://a:b@quay.io/'],
    ['no URL', 'https://quay.io', '/token'],
    ['nothing', 'https://quay.io', ''],
  ])('refuses %s', (_name, registry, realm) => {
    expect(check(registry, realm).ok).toBe(false);
  });

  it('accepts what the operator trusts, exactly', () => {
    const trusted = ['auth.other.com', 'auth.third.com:8443'];
    expect(check('https://quay.io', 'https://auth.other.com/token', trusted).ok).toBe(true);
    expect(check('https://quay.io', 'https://auth.third.com:8443/token', trusted).ok).toBe(true);
    expect(check('https://quay.io', 'https://auth.third.com/token', trusted).ok).toBe(false);
    expect(check('https://quay.io', 'https://x.auth.other.com/token', trusted).ok).toBe(false);
    expect(check('https://quay.io', 'http://auth.other.com/token', trusted).ok).toBe(false);
  });

  it('says who was refused, and nothing of a query', () => {
    expect(check('https://quay.io', 'https://evil.com/token?secret=1')).toEqual({
      ok: false,
      problem: 'the registry names evil.com as its token server, which is not trusted',
    });
  });
});
