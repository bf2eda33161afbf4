import { describe, expect, it } from 'vitest';
import { RegistryError, type RegistryErrorCode } from '../oci/errors.ts';
import { statusOfError } from './outcome-status.ts';

const of = (code: RegistryErrorCode, details = {}) =>
  statusOfError(
    new RegistryError(code, 'GET quay.io/team/app:v1: it was so', details),
    'quay.io/team/app:v1',
  );

describe('statusOfError', () => {
  it.each(['manifest-unknown', 'name-unknown'] as const)('says of %s what the original says', (code) => {
    expect(of(code)).toEqual({
      status: 'Failure',
      message: 'dockerimage.image.openshift.io "quay.io/team/app:v1" not found',
      reason: 'NotFound',
      details: { name: 'quay.io/team/app:v1', group: 'image.openshift.io', kind: 'dockerimage' },
      code: 404,
    });
  });

  it('says of missing access what the original says', () => {
    expect(of('unauthorized')).toEqual({
      status: 'Failure',
      message: 'you may not have access to the container image "quay.io/team/app:v1"',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  it.each([
    { code: 'not-found', reason: 'NotFound', http: 404 },
    { code: 'denied', reason: 'Forbidden', http: 403 },
    { code: 'rate-limited', reason: 'TooManyRequests', http: 429 },
    { code: 'unavailable', reason: 'ServiceUnavailable', http: 503 },
    { code: 'timeout', reason: 'Timeout', http: 504 },
    { code: 'certificate', reason: 'InvalidCertificate', http: 502 },
    { code: 'http-not-https', reason: 'BadRequest', http: 400 },
    { code: 'digest-mismatch', reason: 'InvalidResponse', http: 502 },
    { code: 'too-large', reason: 'InvalidResponse', http: 502 },
    { code: 'invalid-response', reason: 'InvalidResponse', http: 502 },
    { code: 'redirect', reason: 'InvalidResponse', http: 502 },
    { code: 'unsupported-media-type', reason: 'UnsupportedMediaType', http: 415 },
    { code: 'blocked', reason: 'Forbidden', http: 403 },
  ] as const)('gives $code the reason $reason and names the reference', ({ code, reason, http }) => {
    const status = of(code);
    expect(status).toMatchObject({ reason, code: http });
    expect(status.message).toContain('quay.io/team/app:v1');
  });

  it('passes on how long the registry asks to wait, in whole seconds', () => {
    expect(of('rate-limited', { retryAfterMs: 1500 }).details).toEqual({ retryAfterSeconds: 2 });
  });

  it('names every place that was asked, once', () => {
    const tried = (code: RegistryErrorCode) =>
      new RegistryError(code, 'HEAD m.io/app:v1: no; GET a.io/app:v1: no', {
        besides: ['GET a.io/app:v1: no'],
      });
    expect(statusOfError(tried('unauthorized'), 'a.io/app:v1').message).toBe(
      'you may not have access to the container image "a.io/app:v1": HEAD m.io/app:v1: no; GET a.io/app:v1: no',
    );
    expect(statusOfError(tried('unavailable'), 'a.io/app:v1').message).toBe(
      'the registry cannot be reached: HEAD m.io/app:v1: no; GET a.io/app:v1: no',
    );
  });

  it('keeps a long story short', () => {
    const error = new RegistryError('unavailable', 'x'.repeat(10_000));
    expect(statusOfError(error, 'app').message).toHaveLength(1024);
  });

  it('lets what is no refusal of a registry pass', () => {
    const bug = new TypeError('x is undefined');
    expect(() => statusOfError(bug, 'app')).toThrow(bug);
  });
});
