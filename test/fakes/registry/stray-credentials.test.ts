import { describe, expect, it } from 'vitest';
import { strayCredentials } from './stray-credentials.ts';

const saw = (servername: string, text: string) => ({ servername, received: () => text });
const confided = [{ secret: 'hunter2', hosts: ['auth.test'] }];
const basic = Buffer.from('alice:hunter2').toString('base64');

describe('strayCredentials', () => {
  it.each([
    ['in clear', 'GET /?password=hunter2 HTTP/1.1\r\n\r\n'],
    ['in a body', 'POST / HTTP/1.1\r\n\r\nrefresh_token=hunter2'],
    ['in Basic', `GET / HTTP/1.1\r\nauthorization: Basic ${basic}\r\n\r\n`],
    ['in base64', `x: ${Buffer.from('hunter2').toString('base64')}`],
  ])('finds a secret %s where it was not confided to', (_name, text) => {
    expect(strayCredentials([saw('evil.test', text)], confided)).toEqual([
      'evil.test saw a secret of auth.test',
    ]);
    expect(strayCredentials([saw('auth.test', text)], confided)).toEqual([]);
  });

  it('finds an authorization that two hosts saw', () => {
    const head = 'GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\n';
    const seen = [saw('registry.test', head), saw('registry.test', head), saw('evil.test', head)];
    expect(strayCredentials(seen, [])).toEqual(['evil.test saw an authorization of another host']);
  });
});
