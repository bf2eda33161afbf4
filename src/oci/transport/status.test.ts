import { describe, expect, it } from 'vitest';
import { type AnswerOptions, anAnswer, aRequest, respondWith } from '../../../test/fakes/send.ts';
import { basicCredential } from '../credentials/credential.ts';
import type { RegistryRequest } from './send.ts';
import { errorOfResponse } from './status.ts';

const errorOf = (status: number, options: AnswerOptions = {}, more: Partial<RegistryRequest> = {}) => {
  const request = aRequest(more);
  return errorOfResponse(request, respondWith(request, anAnswer(status, options)), 0);
};

const coded = (code: string): AnswerOptions => ({
  body: JSON.stringify({ errors: [{ code, message: 'in their words', detail: { secret: 'hunter2' } }] }),
});

const subject = 'GET registry.example/team/app:v1';

describe('errorOfResponse', () => {
  it.each([
    [401, {}, 'unauthorized', 'authentication required'],
    [403, coded('DENIED'), 'denied', 'access denied'],
    [404, coded('MANIFEST_UNKNOWN'), 'manifest-unknown', 'manifest unknown'],
    [404, coded('NAME_UNKNOWN'), 'name-unknown', 'repository unknown'],
    [404, coded('BLOB_UNKNOWN'), 'not-found', 'blob unknown'],
    [404, {}, 'not-found', 'not found'],
    [408, {}, 'timeout', 'the registry gave up waiting (408)'],
    [429, {}, 'rate-limited', 'too many requests'],
    [500, coded('UNKNOWN'), 'unavailable', 'the registry answered 500 UNKNOWN'],
    [503, {}, 'unavailable', 'the registry answered 503'],
    [304, {}, 'redirect', 'a redirect (304) that cannot be followed'],
    [400, coded('NAME_INVALID'), 'invalid-response', 'unexpected answer 400 NAME_INVALID'],
    [
      400,
      { body: '<center>No required SSL certificate was sent</center>' },
      'certificate',
      'the server wants a client certificate, or another one',
    ],
    [204, {}, 'invalid-response', 'unexpected answer 204'],
  ] as const)('explains %d %j', (status, options, code, problem) => {
    expect(errorOf(status, options)).toMatchObject({ code, status, message: `${subject}: ${problem}` });
  });

  it('keeps the code of the registry', () => {
    expect(errorOf(403, coded('TOOMANYREQUESTS')).registryCode).toBe('TOOMANYREQUESTS');
  });

  it('says whether credentials were there at all', () => {
    const keychain = () => [basicCredential('alice', 'hunter2', 'test')];
    expect(errorOf(401, {}, { access: { keychain, insecure: false } }).message).toBe(
      `${subject}: no credentials were accepted`,
    );
  });

  it('tells how long a registry wants to be left alone', () => {
    expect(errorOf(429, { headers: { 'retry-after': '90' } })).toMatchObject({
      retryAfterMs: 90_000,
      message: `${subject}: too many requests; the registry asks to wait 90 s`,
    });
  });

  it('takes a list of tags that is not found for a missing repository', () => {
    expect(errorOf(404, {}, { operation: 'tags' }).message).toContain('repository not found');
  });

  it('does not take a missing token server for a missing image', () => {
    expect(errorOf(404, {}, { operation: 'token' }).code).toBe('invalid-response');
  });

  it.each([
    ['a web page', '<html><body>hunter2</body></html>'],
    ['a code that is none', JSON.stringify({ errors: [{ code: '<b>hunter2</b>' }] })],
    ['a code of many lines', JSON.stringify({ errors: [{ code: `A\n${'hunter2'.repeat(100)}` }] })],
    ['half a document', '{"errors":[{"code":"hunter2'],
    ['another document', JSON.stringify({ errors: 'hunter2', message: 'hunter2' })],
  ])('never quotes %s', (_name, body) => {
    for (const status of [400, 401, 403, 404, 429, 500]) {
      const error = errorOf(status, { body });
      expect(error.message).not.toContain('hunter2');
      expect(error.registryCode).toBeUndefined();
    }
  });
});
