import { describe, expect, it } from 'vitest';
import { describeRedis, parseRedisUrl } from './redis-url.ts';

const target = (url: string) => {
  const parsed = parseRedisUrl(url);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.target;
};

describe('parseRedisUrl', () => {
  it('reads one server, with and without TLS, credentials and database', () => {
    expect(target('redis://r.example')).toMatchObject({
      kind: 'single',
      hosts: [{ host: 'r.example', port: 6379 }],
      tls: false,
      password: undefined,
      db: 0,
    });
    expect(target('rediss://me:p%40ss@[::1]:7000/3\n')).toMatchObject({
      hosts: [{ host: '::1', port: 7000 }],
      tls: true,
      username: 'me',
      password: 'p@ss',
      db: 3,
    });
    expect(target('redis://:100%@r.example').password).toBe('100%');
    expect(target('redis://:a:b@c@r.example').password).toBe('a:b@c');
  });

  it('reads sentinels and clusters with several hosts', () => {
    expect(target('redis+sentinel://:pw@a,b:1/mine/2?sentinelPassword=other')).toMatchObject({
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 1 },
      ],
      master: 'mine',
      db: 2,
      password: 'pw',
      sentinelPassword: 'other',
    });
    expect(target('rediss+cluster://a,b')).toMatchObject({ kind: 'cluster', tls: true });
  });

  it.each([
    ['no scheme', 'r.example:6379', 'is no URL'],
    ['another scheme', 'http://r.example', 'is no URL'],
    ['a port that is none', 'redis://a:99999', 'host or port'],
    ['several hosts without saying of what', 'redis://a,b', 'several hosts'],
    ['sentinels without a master', 'redis+sentinel://a', 'master'],
    ['a database that is no number', 'redis://a/x', 'no number'],
    ['a database of a cluster', 'redis+cluster://a/1', 'only 0'],
  ])('refuses %s and does not repeat what it was given', (_, url, problem) => {
    const parsed = parseRedisUrl(url.replace('://', '://:secret@'));
    expect(parsed).toMatchObject({ problem: expect.stringContaining(problem) });
    expect(JSON.stringify(parsed)).not.toContain('secret');
  });
});

describe('describeRedis', () => {
  it('names the place without credentials', () => {
    expect(describeRedis(target('rediss+sentinel://u:secret@a,b/m'))).toBe(
      'rediss+sentinel://a:26379,b:26379/m',
    );
  });
});
