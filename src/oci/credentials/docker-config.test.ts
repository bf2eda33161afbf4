import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerConfig } from './docker-config.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const read = (config: unknown) => parseDockerConfig(JSON.stringify(config), 'secret shop/pull');

const only = (value: unknown) => {
  const { entries, problems } = read({ auths: { 'quay.io': value } });
  const [entry] = entries;
  return problems[0] ?? (entry !== undefined && 'credential' in entry ? entry.credential : undefined);
};

describe('parseDockerConfig', () => {
  it.each([
    ['user name and password', { username: 'alice', password: 'p' }, 'alice', 'p'],
    ['auth', { auth: base64('alice:p') }, 'alice', 'p'],
    ['auth with colons in the password', { auth: base64('alice:p:q:') }, 'alice', 'p:q:'],
    ['auth without padding', { auth: base64('alice:pw').replace(/=+$/, '') }, 'alice', 'pw'],
    ['auth padded with NUL, as Docker writes it', { auth: base64('alice:p\0\0') }, 'alice', 'p'],
    ['auth over the other fields', { username: 'x', password: 'y', auth: base64('alice:p') }, 'alice', 'p'],
    ['a robot', { auth: base64('robot$team+ci:p') }, 'robot$team+ci', 'p'],
    ['a service account of Red Hat', { auth: base64('1234|builder:p') }, '1234|builder', 'p'],
    ['a key file as password', { username: '_json_key', password: '{"a":"b"}' }, '_json_key', '{"a":"b"}'],
    ['other letters', { auth: base64('ålice:ünï') }, 'ålice', 'ünï'],
    ['an empty password', { auth: base64('token:') }, 'token', ''],
  ])('reads %s', (_name, entry, username, password) => {
    expect(only(entry)).toMatchObject({ kind: 'basic', username, password, source: 'secret shop/pull' });
  });

  it('prefers an identity token', () => {
    expect(only({ auth: base64('alice:p'), identitytoken: 'refresh' })).toMatchObject({
      kind: 'identity-token',
      username: 'alice',
      token: 'refresh',
    });
    expect(only({ identitytoken: 'refresh' })).toMatchObject({ kind: 'identity-token', username: '' });
  });

  it.each([
    ['is empty', {}],
    ['has empty fields', { username: '', password: '', auth: '' }],
    ['has only an address', { email: 'a@b.c' }],
  ])('skips an entry that %s, as credential stores leave it', (_name, entry) => {
    expect(read({ auths: { 'quay.io': entry } })).toEqual({ entries: [], problems: [] });
  });

  it('reads the older form without auths', () => {
    const { entries, problems } = read({
      'https://quay.io/v1/': { username: 'alice', password: 'p', email: 'a@b.c' },
    });
    expect(problems).toEqual([]);
    expect(entries).toMatchObject([
      { match: { labels: ['quay', 'io'], path: [] }, credential: { username: 'alice' } },
    ]);
  });

  it('takes other settings of a config file for no registries', () => {
    expect(read({ credsStore: 'desktop', HttpHeaders: { 'User-Agent': 'x' }, auths: {} })).toEqual({
      entries: [],
      problems: [],
    });
    expect(read({ HttpHeaders: { 'User-Agent': 'x' }, detachKeys: 'ctrl-e' })).toEqual({
      entries: [],
      problems: [],
    });
  });

  it('reports what it cannot read, and keeps the rest', () => {
    const { entries, problems } = read({
      auths: {
        'a.example': { auth: '%%%' },
        'b.example': { auth: base64('no colon') },
        'c.example': 'text',
        'd.example': { password: 'alone' },
        'e e': { username: 'u', password: 'p' },
        'f.example': { username: 'alice', password: 'p' },
      },
    });
    expect(problems).toEqual([
      'secret shop/pull: a.example: auth is not base64 of user:password',
      'secret shop/pull: b.example: auth is not base64 of user:password',
      'secret shop/pull: c.example: the entry is not an object',
      'secret shop/pull: d.example: the user name is missing',
      'secret shop/pull: "e e" is not a registry',
    ]);
    expect(entries).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'hunter2', 'not valid JSON'],
    ['half a document', '{"auths":{"quay.io":{"password":"hunter2"', 'not valid JSON'],
    ['a list', '["hunter2"]', 'not a JSON object'],
    [
      'a Secret',
      '{"apiVersion":"v1","kind":"Secret","data":{"a":"hunter2"}}',
      'an object of Kubernetes, and not what its data holds, decoded',
    ],
    ['auths that are no object', '{"auths":"hunter2"}', 'auths is not an object'],
  ])('refuses %s without quoting it', (_name, text, problem) => {
    expect(parseDockerConfig(text, 'secret')).toEqual({ entries: [], problems: [`secret: ${problem}`] });
  });

  it('names credentials by what they are, without giving anything away', () => {
    const id = (entry: unknown) => {
      const credential = only(entry);
      return typeof credential === 'object' ? credential.id : undefined;
    };
    const first = id({ username: 'alice', password: 'hunter2' });
    expect(first).toBe(id({ auth: base64('alice:hunter2') }));
    expect(first).not.toBe(id({ username: 'alice', password: 'hunter3' }));
    expect(first).not.toBe(id({ username: 'alice', identitytoken: 'hunter2' }));
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('never fails, and never tells a secret in a problem', () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.record({ auth: fc.constantFrom('hunter2', base64('hunter2'), base64('a:hunter2')) }),
      fc.record({ username: fc.jsonValue(), password: fc.constant('hunter2') }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry), fc.boolean(), (auths, legacy) => {
        const { problems } = parseDockerConfig(JSON.stringify(legacy ? auths : { auths }), 's');
        if (!Object.keys(auths).some((key) => key.includes('hunter2'))) {
          expect(inspect(problems)).not.toContain('hunter2');
        }
      }),
    );
  });
});
