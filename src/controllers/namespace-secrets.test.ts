import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import type { Secret } from '../api/core.ts';
import type { Stored } from '../api/meta.ts';
import { StoreError } from '../store/errors.ts';
import type { ListOptions, Store } from '../store/store.ts';
import { createNamespaceSecrets } from './namespace-secrets.ts';

const never = new AbortController().signal;
const dockerConfig = 'kubernetes.io/dockerconfigjson';

const aSecret = (namespace: string, name: string, resourceVersion = '1'): Stored<Secret> => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: dockerConfig,
  metadata: { name, namespace, uid: name, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
});

/** Namespaces with their secrets; `undefined` for one that lets nobody in. */
const setUp = (contents: Record<string, readonly Stored<Secret>[] | undefined>) => {
  const clock = createManualClock();
  const asked: string[] = [];
  const list = (async (_resource: unknown, { namespace = '', fields }: ListOptions) => {
    const type = fields?.[0]?.value;
    asked.push(`${namespace} ${type}`);
    const found = contents[namespace];
    if (found === undefined) throw new StoreError('forbidden', 'no');
    return { items: found.filter((secret) => secret.type === type), resourceVersion: '1' };
  }) as unknown as Store['list'];
  const reader = createNamespaceSecrets({ store: { list }, clock, logger: createRecordingLogger() });
  const changed: string[] = [];
  reader.onChange((namespace) => void changed.push(namespace));
  return { contents, clock, asked, changed, reader };
};

describe('createNamespaceSecrets', () => {
  it('reads the pull secrets of a namespace by type, in order of their names, once for a crowd', async () => {
    const { reader, asked, clock } = setUp({ team: [aSecret('team', 'b'), aSecret('team', 'a')] });
    const names = async () => (await reader.read('team', never)).map(({ metadata }) => metadata.name);
    expect(await names()).toEqual(['a', 'b']);
    expect(await names()).toEqual(['a', 'b']);
    expect(asked).toEqual([`team ${dockerConfig}`, 'team kubernetes.io/dockercfg']);
    await clock.advance(5_000);
    await names();
    expect(asked).toHaveLength(4);
    expect(reader.problem('team')).toBeUndefined();
  });

  it('goes on without secrets where it may not read them, and says so', async () => {
    const { reader, asked } = setUp({ team: undefined });
    expect(await reader.read('team', never)).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(reader.problem('team')).toContain('the secrets of the namespace "team" may not be read');
    expect(reader.problem('other')).toBeUndefined();
  });

  it('passes other failures on', async () => {
    const list = () => Promise.reject(new StoreError('unavailable', 'gone'));
    const ports = { store: { list }, clock: createManualClock(), logger: createRecordingLogger() };
    await expect(createNamespaceSecrets(ports).read('team', never)).rejects.toThrow('gone');
  });

  it('looks again at namespaces that wait for credentials, and tells of those whose secrets are others', async () => {
    const { reader, contents, clock, asked, changed } = setUp({ team: undefined, idle: undefined, kept: [] });
    for (const namespace of ['team', 'idle', 'kept']) await reader.read(namespace, never);
    reader.whileWaiting?.(() => ['team', 'kept', 'team']);
    const stop = new AbortController();
    const running = reader.sources[0]?.run(stop.signal);
    contents['team'] = [aSecret('team', 'a')];
    contents['idle'] = [];
    asked.length = 0;
    await clock.advance(15_000);
    expect(changed).toEqual(['team']);
    expect(asked.some((line) => line.startsWith('idle'))).toBe(false);
    contents['team'] = [aSecret('team', 'a', '2')];
    await clock.advance(15_000);
    expect(changed).toEqual(['team', 'team']);
    contents['team'] = undefined;
    await clock.advance(15_000);
    expect(await reader.read('team', never)).toEqual([]);
    stop.abort();
    await running;
  });

  it('gives a crowd of waiting namespaces their turns', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const { reader, clock, asked } = setUp(Object.fromEntries(names.map((name) => [name, undefined])));
    reader.whileWaiting?.(() => names);
    const stop = new AbortController();
    const running = reader.sources[0]?.run(stop.signal);
    for (let turn = 0; turn < 3; turn += 1) await clock.advance(15_000);
    expect(asked).toHaveLength(30);
    expect(new Set(asked).size).toBe(25);
    stop.abort();
    await running;
  });
});
