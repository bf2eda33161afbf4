import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createPrograms } from '../test/fakes/programs.ts';
import {
  anImage,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../test/fakes/registry/index.ts';
import type { ReferenceChange } from './cli/index.ts';
import { watchReference } from './watch-reference.ts';

const open: FakeRegistry[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((registry) => registry.stop()));
});

const startRegistry = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
  const registry = await startFakeRegistry(options);
  open.push(registry);
  return registry;
};

describe('watchReference', () => {
  it('asks the mirrors that the environment names', async () => {
    const [source, mirror] = [await startRegistry(), await startRegistry()];
    const image = anImage();
    mirror.add('app', image, 'v1');
    const directory = mkdtempSync(join(tmpdir(), 'registries-'));
    const file = join(directory, 'registries.conf');
    writeFileSync(
      file,
      `[[registry]]\nlocation = "${source.host}"\n[[registry.mirror]]\nlocation = "${mirror.host}"\ninsecure = true`,
    );
    const env = { IMAGESTREAMS_REGISTRIES_CONFIG: file };
    const options = { intervalMs: 1000, insecure: false, env, onProblem: () => undefined };
    const stop = new AbortController();
    for await (const change of watchReference(`${source.host}/app:v1`, options, stop.signal)) {
      expect(change).toEqual({ kind: 'resolved', digest: image.manifest.digest });
      break;
    }
    expect(source.requests).toEqual([]);
    rmSync(directory, { recursive: true });
    const broken = watchReference(`${source.host}/app:v1`, options, stop.signal).next();
    await expect(broken).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining(file) });
  });

  it('tells where a reference is, when it moves, and once that it cannot be asked', async () => {
    const registry = await startRegistry();
    const [first, second] = [anImage({ name: 'one' }), anImage({ name: 'two' })];
    registry.add('app', first, 'v1');
    const stop = new AbortController();
    const changes: ReferenceChange[] = [];
    const options = { intervalMs: 5, insecure: true, env: {}, onProblem: () => undefined };
    const asked = async (times: number): Promise<void> => {
      const from = registry.requests.length;
      await expect.poll(() => registry.requests.length).toBeGreaterThanOrEqual(from + times);
    };
    const watching = (async () => {
      for await (const change of watchReference(`${registry.host}/app:v1`, options, stop.signal))
        changes.push(change);
    })();
    await expect.poll(() => changes.length).toBe(1);
    registry.deleteTag('app', 'v1');
    await expect.poll(() => changes.length).toBe(2);
    await asked(4);
    registry.add('app', first, 'v1');
    await expect.poll(() => changes.length).toBe(3);
    registry.add('app', second, 'v1');
    await expect.poll(() => changes.length).toBe(4);
    await asked(4);
    stop.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
    expect(changes).toEqual([
      { kind: 'resolved', digest: first.manifest.digest },
      { kind: 'failed', message: `dockerimage.image.openshift.io "${registry.host}/app:v1" not found` },
      { kind: 'recovered', digest: first.manifest.digest },
      { kind: 'moved', oldDigest: first.manifest.digest, newDigest: second.manifest.digest },
    ]);
  });

  it('asks with the logins of docker, and says which of them cannot be used', async () => {
    const programs = createPrograms();
    try {
      const registry = await startRegistry({ auth: { kind: 'bearer', users: { alice: 'wonderland' } } });
      const image = anImage();
      registry.add('private', image, 'v1');
      programs.add(
        'docker-credential-test',
        `test "$(cat)" = '${registry.host}' && echo '{"Username":"alice","Secret":"wonderland"}'`,
      );
      programs.write('config.json', JSON.stringify({ credsStore: 'test', credHelpers: { '?': 'x' } }));
      const problems: string[] = [];
      const options = {
        intervalMs: 5,
        insecure: true,
        env: { ...programs.env, DOCKER_CONFIG: programs.directory },
        onProblem: (message: string) => void problems.push(message),
      };
      const changes = watchReference(`${registry.host}/private:v1`, options, new AbortController().signal);
      expect((await changes.next()).value).toEqual({ kind: 'resolved', digest: image.manifest.digest });
      await changes.return(undefined);
      expect(problems).toEqual([`${programs.directory}/config.json: credHelpers "?" is not for a registry`]);
    } finally {
      programs.remove();
    }
  });
});
