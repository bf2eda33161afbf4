import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { RegistryAccessError, readRegistryAccess } from './registry-access.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'registry-access-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
};

const read = (flags: Readonly<Record<string, string>>) => {
  const argv = Object.entries(flags).map(
    ([flag, paths]) =>
      `${flag}=${paths
        .split(',')
        .map((path) => join(directory, path))
        .join(',')}`,
  );
  const loaded = loadConfig({ argv, env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(loaded.problems.join());
  return readRegistryAccess(loaded.config);
};

const rulesOf = async (flags: Readonly<Record<string, string>>) => {
  const { options } = await read(flags);
  return (options.registries?.rules ?? []).map(
    ({ prefix, blocked, mirrors }) =>
      `${prefix.text}${blocked ? ' blocked' : ''} [${mirrors.map(({ location }) => location).join(' ')}]`,
  );
};

const mirrorSet = (mirror: string): string =>
  JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageDigestMirrorSet',
    spec: { imageDigestMirrors: [{ source: 'quay.io', mirrors: [mirror] }] },
  });

describe('readRegistryAccess', () => {
  it('needs no file at all', async () => {
    expect(await read({})).toMatchObject({ options: { registries: { rules: [] } }, notes: [] });
  });

  it('puts files and directories together in their order', async () => {
    write({
      'registries.conf': '[[registry]]\nlocation="quay.io"\nblocked=true\n[[registry]]\nlocation="a.io"',
      'registries.conf.d/20-late.conf':
        'short-name-mode = "disabled"\n[[registry]]\nlocation="a.io"\nblocked=true',
      'registries.conf.d/10-early.conf':
        '[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"',
      'registries.conf.d/sets.yaml': mirrorSet('digests.io'),
      'registries.conf.d/README': 'no configuration',
    });
    const flags = { '--registries-config': 'registries.conf,registries.conf.d' };
    expect(await rulesOf(flags)).toEqual(['quay.io blocked [digests.io]', 'a.io blocked []']);
    expect((await read(flags)).notes).toEqual([
      `${directory}/registries.conf.d/20-late.conf: short-name-mode is ignored: short names mean Docker Hub, as in OpenShift`,
    ]);
  });

  it.each([
    [{ '--registries-config': 'absent.conf' }, '--registries-config: DIR/absent.conf: ENOENT: no such file'],
    [{ '--registries-config': 'bad.conf' }, 'DIR/bad.conf: line 1: Invalid TOML document'],
    [{ '--registries-config': 'bad.conf,bad.yaml' }, '(and 1 more)'],
    [{ '--registries-config': 'bad.yaml' }, 'DIR/bad.yaml: v1 Secret is neither an ImageDigestMirrorSet'],
    [{ '--certs-dir': 'absent' }, '--certs-dir: DIR/absent: ENOENT: no such file or directory'],
    [{ '--certs-dir': 'certs.d' }, 'DIR/certs.d/quay.io/ca.crt holds no certificate'],
  ])('says in one line that %j cannot be used', async (flags, problem) => {
    write({
      'bad.conf': 'registry =',
      'bad.yaml': 'apiVersion: v1\nkind: Secret',
      'certs.d/quay.io/ca.crt': 'nothing',
    });
    const error: unknown = await read(flags).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RegistryAccessError);
    const { message } = error as RegistryAccessError;
    expect(message).toContain(problem.replace('DIR', directory));
    expect(message).not.toContain('\n');
  });
});
