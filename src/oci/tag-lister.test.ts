import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { anAnswer, createFakeSend, type FakeAnswer, never } from '../../test/fakes/send.ts';
import { anonymous } from './credentials/keychain.ts';
import { defaultListingLimits, type ListingLimits } from './listing-budget.ts';
import { createTagLister } from './tag-lister.ts';
import type { RegistryRequest } from './transport/send.ts';

const repository = { registry: 'registry.example', repository: 'team/app' };
const access = { keychain: anonymous, insecure: false };
const listUrl = 'https://registry.example/v2/team/app/tags/list';
const first = `${listUrl}?n=1000`;

const page = (tags: unknown, link?: string, url?: string): FakeAnswer =>
  anAnswer(200, {
    body: JSON.stringify({ name: 'team/app', tags }),
    headers: link === undefined ? {} : { link },
    ...(url === undefined ? {} : { url: new URL(url) }),
  });

const next = (target: string): string => `<${target}>; rel="next"`;

const names = (count: number, prefix = 't'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const list = async (
  answer: (request: RegistryRequest, index: number) => FakeAnswer | Promise<FakeAnswer>,
  limits: Partial<ListingLimits> = {},
  clock = createManualClock(),
) => {
  const fake = createFakeSend((request, _signal, index) => answer(request, index));
  const listTags = createTagLister(fake.send, clock, { ...defaultListingLimits, ...limits });
  const pages: (readonly string[])[] = [];
  let error: unknown;
  try {
    for await (const tags of listTags(repository, access, never)) pages.push(tags);
  } catch (thrown) {
    error = thrown;
  }
  return { pages, error, urls: fake.requests.map(({ url }) => url.href) };
};

const inTurn =
  (...answers: readonly FakeAnswer[]) =>
  (_request: RegistryRequest, index: number): FakeAnswer =>
    answers[index] ?? anAnswer(500);

describe('listTags', () => {
  it('asks for a thousand tags at a time, and ends where the registry does', async () => {
    const listed = await list(inTurn(page(['a', 'b'])));
    expect(listed).toEqual({ pages: [['a', 'b']], error: undefined, urls: [first] });
  });

  it.each([
    ['null', page(null)],
    ['nothing', anAnswer(200, { body: '{"name":"team/app"}' })],
    ['an empty list', page([])],
  ])('takes %s for no tags', async (_name, answer) => {
    expect(await list(inTurn(answer))).toMatchObject({ pages: [[]], error: undefined });
  });

  it.each([
    [
      'relative',
      '/v2/team/app/tags/list?last=b&n=2',
      'https://registry.example/v2/team/app/tags/list?last=b&n=2',
    ],
    [
      'relative to the page',
      'list?next_page=opaque%2B',
      'https://registry.example/v2/team/app/tags/list?next_page=opaque%2B',
    ],
    ['only a query', '?last=b', 'https://registry.example/v2/team/app/tags/list?last=b'],
    ['absolute', `${listUrl}?last=b`, `${listUrl}?last=b`],
    [
      'absolute with the default port',
      `${listUrl.replace('.example', '.example:443')}?last=b`,
      `${listUrl}?last=b`,
    ],
    ['http behind a proxy that ends TLS', `${listUrl.replace('https', 'http')}?last=b`, `${listUrl}?last=b`],
    ['without a scheme', `${listUrl.replace('https:', '')}?last=b`, `${listUrl}?last=b`],
    ['without its fragment', '?last=b#c', `${listUrl}?last=b`],
    [
      'at the path of the list, whatever its own',
      '/repository/docker/v2/app/tags/list?last=b',
      `${listUrl}?last=b`,
    ],
    ['with the last tag for a number that is none', '?last=1000&n=1000', `${listUrl}?last=b&n=1000`],
    ['with a number that is a tag', '?last=b&n=b', `${listUrl}?last=b&n=b`],
  ])('follows a link that is %s', async (_name, target, expected) => {
    const listed = await list(inTurn(page(['a', 'b'], next(target)), page(['c'])));
    expect(listed).toEqual({ pages: [['a', 'b'], ['c']], error: undefined, urls: [first, expected] });
  });

  it.each([
    ['another host', 'https://evil.com/v2/team/app/tags/list?last=b'],
    ['a host that ends the same', 'https://evilregistry.example/x'],
    ['another port', 'https://registry.example:8443/x'],
    ['a metadata address', 'http://169.254.169.254/latest'],
    ['another host without a scheme', '//evil.com/x'],
    ['itself with credentials', 'https://a:b@registry.example/x'],
  ])('does not follow a link to %s', async (_name, target) => {
    const listed = await list(inTurn(page(['a'], next(target))));
    expect(listed).toMatchObject({ pages: [], error: { code: 'blocked' }, urls: [first] });
  });

  it.each([
    ['of no use', 'https://['],
    ['to a file', 'file:///etc/passwd'],
    ['to a script', 'javascript:alert(1)'],
  ])('does not follow a link %s', async (_name, target) => {
    expect(await list(inTurn(page(['a'], next(target))))).toMatchObject({
      error: { code: 'invalid-response' },
    });
  });

  it('resolves links against the registry, also where another host answered', async () => {
    const elsewhere = page(['a'], next('/v2/team/app/tags/list?last=a'), 'https://cdn.example/list');
    const listed = await list(inTurn(elsewhere, page(['b'])));
    expect(listed.urls[1]).toBe('https://registry.example/v2/team/app/tags/list?last=a');
  });

  it('asks without a page size where the registry dislikes ours', async () => {
    for (const status of [400, 405, 413]) {
      const listed = await list(inTurn(anAnswer(status), page(['a'])));
      expect(listed).toMatchObject({
        pages: [['a']],
        error: undefined,
        urls: [first, 'https://registry.example/v2/team/app/tags/list'],
      });
    }
  });

  it('looks behind a full page that has no link', async () => {
    const full = names(1000);
    const listed = await list(inTurn(page(full), page(['z1', 'z2'])));
    expect(listed.pages.flat()).toEqual([...full, 'z1', 'z2']);
    expect(listed.urls[1]).toBe(`${first}&last=t999`);
    const ended = await list(inTurn(page(full), page([])));
    expect(ended).toMatchObject({ error: undefined, pages: [full, []] });
  });

  it.each([400, 405])('takes a full page for the last where asking on is answered by %d', async (status) => {
    const full = names(1000);
    expect(await list(inTurn(page(full), anAnswer(status)))).toMatchObject({
      pages: [full],
      error: undefined,
    });
    expect(await list(inTurn(page(full), anAnswer(503)))).toMatchObject({ error: { code: 'unavailable' } });
  });

  it('takes the end of a chain of links for the end', async () => {
    const listed = await list(inTurn(page(['a'], next('?last=a')), page(names(1000))));
    expect(listed).toMatchObject({ error: undefined });
    expect(listed.urls).toHaveLength(2);
  });

  it('takes more than it asked for as all there is', async () => {
    const listed = await list(inTurn(page(names(1500))));
    expect(listed).toMatchObject({ error: undefined, urls: [first] });
  });

  it('believes a registry that sends the same full page again to have no more', async () => {
    const full = names(1000);
    const listed = await list(() => page(full));
    expect(listed).toMatchObject({ pages: [full], error: undefined });
    expect(listed.urls).toHaveLength(2);
  });

  it('leaves out names that no tag may have', async () => {
    const listed = await list(inTurn(page(['ok', '', '../up', 'a b', '-x', 'x'.repeat(129)])));
    expect(listed).toMatchObject({ pages: [['ok']], error: undefined });
  });

  it.each([
    ['a web page', anAnswer(200, { body: '<html>' })],
    ['half a list', anAnswer(200, { body: '{"tags":["a"' })],
    ['tags that are no list', page({ a: 1 })],
    ['tags that are no strings', page(['a', 1])],
    ['a list at the top', anAnswer(200, { body: '["a"]' })],
    ['an object that is about something else', anAnswer(200, { body: '{"errors":[]}' })],
  ])('refuses %s', async (_name, answer) => {
    expect(await list(inTurn(answer))).toMatchObject({
      pages: [],
      error: {
        code: 'invalid-response',
        message: 'GET registry.example/team/app/tags/list: the answer is not a list of tags',
      },
    });
  });

  it.each([
    ['fails', anAnswer(500), 'unavailable'],
    ['is forbidden', anAnswer(403), 'denied'],
    ['is not understood', anAnswer(405), 'invalid-response'],
    ['is nonsense', anAnswer(200, { body: 'x' }), 'invalid-response'],
  ])('rejects when a later page %s: what it gave was not the whole', async (_name, answer, code) => {
    const listed = await list(inTurn(page(['a'], next('?last=a')), answer));
    expect(listed).toMatchObject({ pages: [['a']], error: { code } });
  });

  it('notices a list that goes round in circles', async () => {
    const itself = await list(() => page(['a'], next('?last=a')));
    expect(itself).toMatchObject({
      error: {
        code: 'invalid-response',
        message: 'GET registry.example/team/app/tags/list: the list of tags goes round in circles',
      },
    });
    expect(itself.urls).toHaveLength(2);
    const circle = await list((_request, index) => page(['a'], next(`?page=${index % 3}`)));
    expect(circle).toMatchObject({ error: { code: 'invalid-response' } });
    expect(circle.urls).toHaveLength(4);
  });

  it('notices a list that leads back to its beginning', async () => {
    const listed = await list(() => page(['a'], next('?n=1000')));
    expect(listed).toMatchObject({ error: { code: 'invalid-response' } });
    expect(listed.urls).toHaveLength(1);
  });

  it('ends an endless list at its limits', async () => {
    const endless = (_request: RegistryRequest, index: number) => page(['a', 'b'], next(`?page=${index}`));
    const pages = await list(endless, { maxPages: 5 });
    expect(pages).toMatchObject({ error: { code: 'too-large' } });
    expect(pages.urls).toHaveLength(5);
    const tags = await list(endless, { maxTags: 7 });
    expect(tags).toMatchObject({
      error: { code: 'too-large', message: expect.stringContaining('more than 7 tags') },
    });
    expect(tags.urls).toHaveLength(4);
    const bytes = await list(endless, { maxBytes: 100 });
    expect(bytes).toMatchObject({
      error: { code: 'too-large', message: expect.stringContaining('more than 100 bytes') },
    });
    expect(bytes.urls).toHaveLength(3);
  });

  it('ends a list that takes too long, however quick its pages are', async () => {
    const clock = createManualClock();
    const slow = async (_request: RegistryRequest, index: number) => {
      await clock.advance(1_000);
      return page(['a'], next(`?page=${index}`));
    };
    const listed = await list(slow, { maxMs: 3_000 }, clock);
    expect(listed).toMatchObject({
      error: { code: 'timeout', message: expect.stringContaining('not at its end after 3000 ms') },
    });
    expect(listed.urls).toHaveLength(3);
  });

  it('begins anew where the tag that it had come to is deleted meanwhile', async () => {
    const lost = inTurn(
      page(['a', 'b'], next('?last=b')),
      anAnswer(404),
      page(['a'], next('?last=a')),
      page(['c']),
    );
    const listed = await list(lost);
    expect(listed).toMatchObject({ error: undefined, pages: [['a', 'b'], ['a'], ['c']] });
    expect(listed.urls).toHaveLength(4);
  });

  it('gives up on a list whose places get lost again and again', async () => {
    const listed = await list((_request, index) =>
      index % 2 === 0 ? page(['a'], next('?last=a')) : anAnswer(404),
    );
    expect(listed).toMatchObject({ error: { code: 'invalid-response', fault: 'listing' } });
    expect(listed.urls).toHaveLength(6);
  });

  it('fetches a page only when the one before was taken', async () => {
    const fake = createFakeSend((_request, _signal, index) => page(['a'], next(`?page=${index}`)));
    const listTags = createTagLister(fake.send, createManualClock(), defaultListingLimits);
    for await (const tags of listTags(repository, access, never)) {
      expect(tags).toEqual(['a']);
      break;
    }
    expect(fake.requests).toHaveLength(1);
  });
});
