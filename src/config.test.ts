import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { settingsHelp } from './settings.ts';

const load = (
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
) =>
  loadConfig({
    argv,
    env,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
  });

describe('loadConfig', () => {
  it('has a default for every setting', () => {
    expect(load([])).toMatchObject({
      config: {
        listen: { host: '127.0.0.1', port: 8443 },
        defaultRefreshInterval: 900_000,
        historyLimit: 20,
        demo: false,
        apply: [],
      },
    });
  });

  it('prefers a flag to the environment, and the environment to the file', () => {
    const files = { 'c.yaml': 'history-limit: 3\nlog-level: warn\nmin-refresh-interval: 1m\n' };
    const env = { IMAGESTREAMS_HISTORY_LIMIT: '5', IMAGESTREAMS_LOG_LEVEL: 'debug' };
    expect(load(['--config', 'c.yaml', '--history-limit=7'], env, files)).toMatchObject({
      config: { historyLimit: 7, logLevel: 'debug', minRefreshInterval: 60_000 },
    });
  });

  it('takes a password of Redis from the environment or a file alone, and repeats none', () => {
    const url = 'rediss://me:secret@r.example';
    expect(load([], { IMAGESTREAMS_REDIS_URL: url })).toMatchObject({ config: { redisUrl: url } });
    for (const given of [load(['--redis-url', url]), load(['--redis-url', 'redis://:secret@r:x'])]) {
      expect(given).toMatchObject({ problems: [expect.stringMatching(/^--redis-url: /)] });
      expect(JSON.stringify(given)).not.toContain('secret');
    }
    expect(
      load(['--redis-url', 'redis://r', '--redis-url-file', 'f', '--redis-prefix', 'a{b']),
    ).toMatchObject({
      problems: [expect.stringContaining('--redis-url-file'), expect.stringContaining('--redis-prefix')],
    });
  });

  it('collects a repeated list flag', () => {
    expect(load(['--apply', 'a.yaml', '--apply', 'b,c'])).toMatchObject({
      config: { apply: ['a.yaml', 'b', 'c'] },
    });
  });

  it('takes the last of a flag that is given twice', () => {
    expect(load(['--history-limit', '3', '--history-limit', '4'])).toMatchObject({
      config: { historyLimit: 4 },
    });
  });

  it('takes a file of comments for one that sets nothing', () => {
    expect(load(['--config', 'c.yaml'], {}, { 'c.yaml': '# nothing yet\n' })).toMatchObject({
      config: { historyLimit: 20 },
    });
  });

  it('reports all problems at once and names the source of each', () => {
    const result = load(['--listen', 'nowhere', '--wat'], { IMAGESTREAMS_HISTORY_LIMIT: '0' }, {});
    expect(result).toEqual({
      problems: [
        '--wat: no such flag; see "imagestreams serve --help"',
        '--listen: "nowhere" is no HOST:PORT; write for example 127.0.0.1:8443',
        'IMAGESTREAMS_HISTORY_LIMIT: "0" is no whole number of at least 1',
      ],
    });
  });

  it('wants the programs of credential providers where they are configured, and the other way round', () => {
    expect(load(['--image-credential-provider-config', 'c.yaml'])).toEqual({
      problems: ['--image-credential-provider-config: needs --image-credential-provider-bin-dir, too'],
    });
    expect(load(['--image-credential-provider-bin-dir', 'bin'])).toEqual({
      problems: ['--image-credential-provider-bin-dir: needs --image-credential-provider-config, too'],
    });
  });

  it('refuses a default interval of refreshes that no annotation could ask for', () => {
    expect(load(['--min-refresh-interval', '30m'])).toEqual({
      problems: [
        '--default-refresh-interval: 15m is less than --min-refresh-interval, 30m; raise it, or lower the other',
      ],
    });
    expect(load(['--min-refresh-interval', '30m', '--default-refresh-interval', '30m'])).toMatchObject({
      config: { defaultRefreshInterval: 1_800_000 },
    });
  });

  it('reads proxies as everybody writes them', () => {
    const env = {
      https_proxy: 'proxy.example:3128',
      HTTP_PROXY: 'https://u:p@proxy.example',
      no_proxy: '.svc',
    };
    expect(load([], env)).toMatchObject({
      config: {
        proxy: {
          https: new URL('http://proxy.example:3128'),
          http: new URL('https://u:p@proxy.example'),
          noProxy: '.svc',
        },
      },
    });
    expect(load([], { HTTPS_PROXY: '', https_proxy: '' })).toMatchObject({
      config: { proxy: { https: undefined, http: undefined, noProxy: '' } },
    });
  });

  it('refuses a proxy of another kind without showing its password', () => {
    expect(load([], { HTTPS_PROXY: 'socks5://u:hidden@proxy.example' })).toEqual({
      problems: ['HTTPS_PROXY: is no URL of an HTTP proxy; write for example http://proxy.example:3128'],
    });
  });

  it('reads registries that are allowed and blocked', () => {
    expect(
      load(['--allow-registry', 'quay.io/team,*.example.com', '--block-registry', 'docker.io']),
    ).toMatchObject({
      config: {
        allowRegistry: [{ text: 'quay.io/team' }, { text: '*.example.com' }],
        blockRegistry: [{ text: 'docker.io' }],
      },
    });
    expect(load(['--block-registry', 'quay.io,team/app'])).toEqual({
      problems: [
        '--block-registry: "team/app" does not begin with a registry: write HOST[:PORT][/NAMESPACE…]',
      ],
    });
  });

  it('refuses an unknown setting in the file', () => {
    expect(load(['--config', 'c.yaml'], {}, { 'c.yaml': 'histroy-limit: 3' })).toEqual({
      problems: ['c.yaml: histroy-limit: no such setting'],
    });
  });
});

describe('the README', () => {
  it('lists every setting as the table has it', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = settingsHelp().map(
      ({ flag, variable, help, shown }) =>
        `| \`${flag.replaceAll('|', String.raw`\|`)}\` | \`${variable}\` | ${shown} | ${help} |`,
    );
    const section = /<!-- settings:.*?-->\n([^]*?)\n<!-- \/settings -->/.exec(readme)?.[1] ?? '';
    expect(section.split('\n').slice(2)).toEqual(rows);
  });
});
