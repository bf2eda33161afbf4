import { describe, expect, it } from 'vitest';
import { anAnswer, aRequest, createFakeSend, type FakeAnswer, never } from '../../../test/fakes/send.ts';
import { anonymous } from '../index.ts';
import { withValidators } from './conditional.ts';
import type { RegistryRequest } from './send.ts';

const first = anAnswer(200, { headers: { etag: '"one"' }, body: 'first' });

/** Answers the same content always: 304 to whoever has it, where the server `heeds` the question. */
const setUp = (answer: (asked: string | undefined) => FakeAnswer, maxBytes = 1_000) => {
  const fake = createFakeSend((request) => answer(request.headers['if-none-match']));
  const send = withValidators(maxBytes)(fake.send);
  const ask = async (more: Partial<RegistryRequest> = {}) => {
    const { status, bytes } = await send(aRequest(more), never);
    return `${status} ${new TextDecoder().decode(bytes)}`;
  };
  return { ask, asked: () => fake.requests.map(({ headers }) => headers['if-none-match']) };
};

const heeding = (asked: string | undefined): FakeAnswer => (asked === '"one"' ? anAnswer(304) : first);

describe('withValidators', () => {
  it('asks again only whether something changed, and answers with what it has', async () => {
    const { ask, asked } = setUp(heeding);
    expect([await ask(), await ask(), await ask()]).toEqual(['200 first', '200 first', '200 first']);
    expect(asked()).toEqual([undefined, '"one"', '"one"']);
  });

  it('takes what is new', async () => {
    let current = first;
    const { ask, asked } = setUp(() => current);
    await ask();
    current = anAnswer(200, { headers: { etag: '"two"' }, body: 'second' });
    expect(await ask()).toBe('200 second');
    await ask();
    expect(asked()).toEqual([undefined, '"one"', '"two"']);
  });

  it('gives nobody what the registry refuses them', async () => {
    let isRefused = false;
    const { ask } = setUp((asked) => (isRefused ? anAnswer(401) : heeding(asked)));
    await ask();
    isRefused = true;
    expect(await ask()).toBe('401 ');
  });

  it.each([
    ['answers all the same', () => first, 2],
    ['does not understand the question', (asked?: string) => (asked ? anAnswer(412) : first), 3],
  ])('no longer asks so where the host %s', async (_name, answer, requests) => {
    const { ask, asked } = setUp(answer);
    expect([await ask(), await ask()]).toEqual(['200 first', '200 first']);
    expect(asked()).toHaveLength(requests);
    await ask();
    expect(asked().at(-1)).toBeUndefined();
  });

  it('keeps apart what came over connections that are verified, and other questions', async () => {
    const { ask, asked } = setUp(heeding);
    await ask();
    await ask({ access: { keychain: anonymous, insecure: true } });
    await ask({ headers: { accept: 'text/plain' } });
    await ask({ url: new URL('https://registry.example/v2/team/app/manifests/v2') });
    await ask({ method: 'HEAD' });
    await ask({ operation: 'config' });
    expect(asked()).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it('keeps no more than it may', async () => {
    const { ask, asked } = setUp(heeding, 4);
    await ask();
    await ask();
    expect(asked()).toEqual([undefined, undefined]);
  });
});
