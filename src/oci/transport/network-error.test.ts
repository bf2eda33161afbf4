import { describe, expect, it } from 'vitest';
import { BlockedAddressError } from './address.ts';
import { describeNetworkError } from './network-error.ts';

const withCode = (code: string): Error => Object.assign(new Error('their words'), { code });

describe('describeNetworkError', () => {
  it.each([
    ['ECONNREFUSED', 'unavailable', 'connection refused'],
    ['ECONNRESET', 'unavailable', 'connection reset'],
    ['ENOTFOUND', 'unavailable', 'the host name does not resolve'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'no connection in time'],
    ['CERT_HAS_EXPIRED', 'certificate', 'the certificate has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate', 'the certificate is for another host'],
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'http-not-https',
      'the server speaks plain http; only an insecure import may use it',
    ],
    [
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'unavailable',
      'the TLS handshake failed (ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE)',
    ],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate', 'the server wants a client certificate'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'certificate', 'the server does not accept our client certificate'],
    ['UND_ERR_PRX_CONN', 'unavailable', 'the proxy closed the connection'],
    ['UND_ERR_HEADERS_OVERFLOW', 'too-large', 'the head of the answer is larger than is accepted'],
    ['EWHATEVER', 'unavailable', 'the request failed (EWHATEVER)'],
  ] as const)('explains %s', (code, expected, problem) => {
    expect(describeNetworkError(withCode(code))).toMatchObject({ code: expected, problem });
  });

  it.each([
    ['Proxy response (407) !== 200 when HTTP Tunneling', 'the proxy wants other credentials (407)'],
    ['Proxy Authentication Required (407)', 'the proxy wants other credentials (407)'],
    ['Proxy response (503) !== 200 when HTTP Tunneling', 'the proxy does not connect us (503)'],
  ])('finds the status of a proxy in %j', (message, problem) => {
    expect(describeNetworkError(new Error(message))).toMatchObject({ code: 'unavailable', problem });
  });

  it('looks into errors of several addresses', () => {
    const gathered = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
    expect(describeNetworkError(gathered)).toMatchObject({ problem: 'connection refused' });
  });

  it('says which address was refused by us', () => {
    expect(describeNetworkError(new BlockedAddressError('name: address'))).toMatchObject({
      code: 'blocked',
      problem: 'name: address',
    });
  });

  it('has words for anything that may be thrown', () => {
    expect(describeNetworkError('x')).toMatchObject({ code: 'unavailable', problem: 'the request failed' });
  });
});
