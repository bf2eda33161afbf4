import type { ImageStream } from '../../src/api/image-stream.ts';
import {
  createImporter,
  type PlanFacts,
  planImports,
  recordImports,
  runImports,
} from '../../src/importer/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { mapLimit } from '../../src/lib/map-limit.ts';
import { anonymous, createRegistryClient } from '../../src/oci/index.ts';
import { givenData, nextMessage, report } from '../../test/e2e/load/child.ts';

/*
 * A process that imports streams, reports `ready`, and refreshes them each time that it is told to: in a process of its own, so that
 * processor time and memory are those of the refresh.
 */

/** What the process is given. */
export type RefreshData = {
  readonly host: string;
  readonly streams: number;
  readonly tagsPerStream: number;
  /** All streams follow the same tags. */
  readonly isShared: boolean;
};

/** What one refresh of everything took. */
export type Refreshed = {
  readonly cpuSeconds: number;
  /** Streams whose status became another. */
  readonly writes: number;
  readonly residentMiB: number;
};

const data = givenData<RefreshData>();
const { signal } = new AbortController();
const client = createRegistryClient();
const importer = createImporter({ client, clock: systemClock });

/** Of `serve`: streams under way at a time. */
const workers = 16;

const streamOf = (index: number): ImageStream => {
  const first = data.isShared ? 0 : index * data.tagsPerStream;
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: `app${index}`, namespace: 'team', generation: 1 },
    spec: {
      tags: Array.from({ length: data.tagsPerStream }, (_, tag) => ({
        name: `v${first + tag}`,
        from: { kind: 'DockerImage', name: `${data.host}/app:v${first + tag}` },
        generation: 1,
        importPolicy: { insecure: true, scheduled: true },
      })),
    },
  };
};

const sync = async (stream: ImageStream, facts: Partial<PlanFacts>): Promise<ImageStream> => {
  const plan = planImports(stream, { maxTags: 0, ...facts });
  const context = { keychain: anonymous, caller: 'team', priority: 'scheduled' } as const;
  const results = await runImports(importer, plan, context, signal);
  return { ...stream, status: recordImports(stream, results, { nowMs: 0, historyLimit: 20 }) };
};

const dueTags = ({ spec }: ImageStream): Partial<PlanFacts> => ({
  due: new Map((spec?.tags ?? []).map(({ name }) => [name, { cause: { type: 'Schedule' } }])),
});

const streams = await mapLimit(
  Array.from({ length: data.streams }, (_, index) => streamOf(index)),
  workers,
  (stream) => sync(stream, {}),
  signal,
);
report('ready');
for (;;) {
  await nextMessage();
  const start = process.cpuUsage();
  const after = await mapLimit(streams, workers, (stream) => sync(stream, dueTags(stream)), signal);
  const { user, system } = process.cpuUsage(start);
  const refreshed: Refreshed = {
    cpuSeconds: (user + system) / 1e6,
    writes: after.filter(({ status }, index) => status !== streams[index]?.status).length,
    residentMiB: process.memoryUsage.rss() / 2 ** 20,
  };
  report(refreshed);
}
