import { createImporter } from '../../src/importer/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { anonymous, createRegistryClient } from '../../src/oci/index.ts';
import type { DockerRegistry } from '../../test/setup/docker-registry.ts';
import { hasSkopeo, skopeo } from '../../test/setup/skopeo.ts';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';
import { settledLog, startFilledRegistry } from '../images.ts';
import { startLatencyProxy } from '../latency-proxy.ts';
import { replay } from '../replay.ts';

/** Of design.md §8. */
const maxRatio = 1.3;

const repositories = ['one', 'fifty', 'app'] as const;

/** Imports a repository with nothing known before: as a program does that has just started. */
const importOnce = async (host: string, repository: string, signal: AbortSignal): Promise<number> => {
  const client = createRegistryClient();
  try {
    const importer = createImporter({ client, clock: systemClock });
    const outcome = await importer.importRepository(
      { from: `${host}/${repository}`, insecure: true, importMode: 'Legacy', maxTags: 0 },
      { keychain: anonymous, priority: 'interactive' },
      signal,
    );
    if (!outcome.ok || outcome.images.some(({ ok }) => !ok)) throw new Error(`${repository}: import failed`);
    return outcome.images.length;
  } finally {
    await client.close();
  }
};

/** Which requests an import sends, as the registry itself logs them, and the row that counts them. */
const countRequests = async (
  bench: Bench,
  registry: DockerRegistry,
  repository: string,
): Promise<readonly string[]> => {
  const before = (await settledLog(registry)).length;
  const tags = await importOnce(registry.host, repository, bench.signal);
  const lines = (await settledLog(registry)).slice(before);
  const requests = lines.map((line) => line.split(' ').slice(0, 2).join(' '));
  const images = new Set(requests.filter((request) => request.includes('/blobs/'))).size;
  const pages = Math.max(1, Math.ceil(tags / 1000));
  const name = `requests, ${tags} tags of ${images} images`;
  bench.row({ name, unit: 'requests', values: [requests.length], target: pages + tags + images });
  return requests.filter((_, index) => !lines[index]?.endsWith(' 404'));
};

/** What a person would script: one program for each tag. */
const measureSkopeo = async (bench: Bench, host: string, latencyMs: number): Promise<void> => {
  if (!hasSkopeo) return;
  const values: number[] = [];
  for (let run = 0; run < runsOf(bench, 'short'); run += 1) {
    const args = ['inspect', '--no-tags', '--tls-verify=false', `docker://${host}/one:v0`];
    values.push(await timed(() => skopeo(args)));
  }
  bench.row({ name: `import, 1 tag by skopeo inspect, ${latencyMs} ms away`, unit: 'ms', values });
};

/** Time of an import from a real registry at several distances, beside the same requests sent bare; and what it asks for. */
export const importGroup: Group = {
  name: 'import',
  run: async (bench) => {
    const isSmoke = bench.size === 'smoke';
    const tags = isSmoke ? 4 : 500;
    const registry = await startFilledRegistry(bench, { tags, images: isSmoke ? 2 : 100 });
    const requests = new Map<string, readonly string[]>();
    for (const repository of repositories) {
      requests.set(repository, await countRequests(bench, registry, repository));
    }
    for (const latencyMs of isSmoke ? [0] : [0, 20, 100]) {
      const proxy = await startLatencyProxy({ target: registry.host, latencyMs });
      bench.cleanup(proxy.stop);
      await measureSkopeo(bench, proxy.host, latencyMs);
      for (const repository of repositories) {
        const figures = await inTurns(bench, runsOf(bench, repository === 'app' ? 'long' : 'short'), {
          ours: () => timed(() => importOnce(proxy.host, repository, bench.signal)),
          floor: () => timed(() => replay(proxy.host, requests.get(repository) ?? [], bench.signal)),
        });
        const label = { one: '1 tag', fifty: isSmoke ? '2 tags' : '50 tags', app: `${tags} tags` }[
          repository
        ];
        const isTarget = repository === 'app' && latencyMs === 20;
        bench.row({
          name: `import, ${label}, ${latencyMs} ms away`,
          unit: 'ms',
          size: {
            family: `import ${latencyMs}`,
            count: { one: 1, fifty: isSmoke ? 2 : 50, app: tags }[repository],
          },
          ...figures,
          ...(isTarget ? { target: maxRatio } : {}),
        });
      }
    }
  },
};
