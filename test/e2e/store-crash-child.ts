/**
 * Writes to a store for as long as it lives, and says on stdout what was acknowledged and what its watch was told.
 *
 * Arguments: database, revision to watch from, number of the SQL statement to die at (0: none), `before` or `after` it, prefix of values.
 * It dies by SIGKILL: nothing of this process gets to clean up or to flush.
 */
import { writeSync } from 'node:fs';
import { StatementSync } from 'node:sqlite';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../src/store/index.ts';

const [file = '', fromRevision = '', statement = '0', side = 'before', prefix = ''] = process.argv.slice(2);
const signal = new AbortController().signal;

/** As in `api/resources.ts`, whose import would take most of the life of this process. */
const imageStreams = {
  group: 'image.openshift.io',
  plural: 'imagestreams',
  namespaced: true,
  hasStatus: true,
} as Resource<ImageStream>;

const say = (line: object): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

const store = openEmbeddedStore({ file, clock: systemClock });

const armFault = (fatal: number): void => {
  const { prototype } = StatementSync;
  const run = Reflect.get(prototype, 'run') as (...values: unknown[]) => unknown;
  const die = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };
  let count = 0;
  Reflect.set(prototype, 'run', function (this: StatementSync, ...values: unknown[]) {
    count += 1;
    if (count === fatal && side === 'before') die();
    const result = run.apply(this, values);
    if (count === fatal && side === 'after') die();
    return result;
  });
};

const follow = async (): Promise<void> => {
  for await (const event of store.watch(imageStreams, { fromRevision }, signal)) {
    if (event.type === 'BOOKMARK') continue;
    const { name, resourceVersion } = event.object.metadata;
    say({ seen: { type: event.type, name, revision: Number(resourceVersion) } });
  }
};

/** Creates, changes and deletes one of a few objects in turn. */
const write = async (name: string, value: string): Promise<void> => {
  const key = { namespace: 'shop', name };
  const old = await store.get(imageStreams, key, signal);
  if (old !== undefined && value.endsWith('7')) {
    await store.delete(imageStreams, key, {}, signal);
    say({ deleted: { name, revision: Number(old.metadata.resourceVersion) } });
    return;
  }
  const written: Stored<ImageStream> =
    old === undefined
      ? await store.create(
          imageStreams,
          {
            apiVersion: 'image.openshift.io/v1',
            kind: 'ImageStream',
            metadata: key,
            status: { dockerImageRepository: value },
          },
          {},
          signal,
        )
      : await store.updateStatus(
          imageStreams,
          { ...old, status: { dockerImageRepository: value } },
          {},
          signal,
        );
  say({ acknowledged: { name, revision: Number(written.metadata.resourceVersion), value } });
};

void follow();
armFault(Number(statement));
for (let round = 0; ; round += 1) {
  const writers = Array.from({ length: 1 + (round % 4) }, (_, writer) =>
    write(`s${(round * 3 + writer) % 7}`, `${prefix}-${round * 4 + writer}`),
  );
  await Promise.all(writers);
}
