import { migrationAnnotation } from '../api/annotations.ts';
import { type CarriedStream, carryOver } from '../api/carry-over.ts';
import { namespaces } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { importableTags, isTagPending } from '../api/pending.ts';
import { apiVersionOf } from '../api/resource.ts';
import { imageStreams } from '../api/resources.ts';
import type { ApiClient } from './client.ts';
import type { CommandContext } from './context.ts';
import { CliError } from './errors.ts';
import { findStream, isRefusal } from './streams.ts';

export type MigrationOptions = { readonly overwrite: boolean; readonly dryRun: boolean };

type Names = Readonly<Record<string, string | null>>;

/** A stream without tags, to which status and spec are added: nothing can be imported for it meanwhile. */
const emptySpec = { tags: null, dockerImageRepository: null };

/** What goes along of the metadata. Owners and finalizers belong to the cluster that the stream leaves. */
const carriedMetadata = ({
  metadata,
}: ImageStream): { readonly labels: Names; readonly annotations: Names } => ({
  labels: metadata.labels ?? {},
  annotations: metadata.annotations ?? {},
});

const isUnfinished = ({ metadata }: ImageStream): boolean =>
  metadata.annotations?.[migrationAnnotation] !== undefined;

/** Refuses a namespace that is not there, as the server would. Who may not read it hears of that only when it counts. */
const refuseMissingNamespace = async (client: ApiClient, signal: AbortSignal): Promise<void> => {
  try {
    await client.get(namespaces, client.namespace, signal);
  } catch (error) {
    if (isRefusal(error, 'NotFound'))
      throw new CliError('failed', `there is no namespace "${client.namespace}": create it first`, {
        cause: error,
      });
    if (!isRefusal(error, 'Forbidden')) throw error;
  }
};

/** Makes the empty stream, or empties the spec of the one that is there; refuses what may not be touched. */
const prepare = async (
  client: ApiClient,
  source: ImageStream,
  standing: ImageStream | undefined,
  { ports }: CommandContext,
): Promise<ImageStream> => {
  const { name } = source.metadata;
  const { labels, annotations } = carriedMetadata(source);
  const metadata = { labels, annotations: { ...annotations, [migrationAnnotation]: 'unfinished' } };
  if (standing !== undefined)
    return client.patch(imageStreams, name, { metadata, spec: emptySpec }, ports.signal);
  const { kind } = imageStreams;
  const empty = { apiVersion: apiVersionOf(imageStreams), kind, metadata: { ...metadata, name }, spec: {} };
  return client.create(imageStreams, empty, ports.signal);
};

const itemsIn = ({ tags }: NonNullable<ImageStream['status']>): number =>
  (tags ?? []).reduce((count, { items }) => count + (items ?? []).length, 0);

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const summary = (
  { spec, status, pending }: CarriedStream,
  { left, verb }: { readonly left: number; readonly verb: string },
): string => {
  const names = new Set([
    ...(spec.tags ?? []).map(({ name }) => name),
    ...(status.tags ?? []).map(({ tag }) => tag),
  ]);
  const notes = [
    ...(left > 0
      ? [`the ${plural(left, 'oldest entry').replace('entrys', 'entries')} left out: history limit`]
      : []),
    ...(pending.length > 0 ? [`to be imported: ${pending.map((name) => name || '""').join(', ')}`] : []),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${verb} with ${plural(names.size, 'tag')} and ${plural(itemsIn(status), 'image')} of history${note}`;
};

/**
 * Carries one stream over into the client's namespace, and resolves to what is to be said of it. In three writes, each of which leaves
 * nothing to be imported: an empty stream, its status, its spec. One that ended in between is taken up again.
 */
export const migrateStream = async (
  client: ApiClient,
  source: ImageStream,
  { overwrite, dryRun }: MigrationOptions,
  context: CommandContext,
): Promise<string> => {
  const { ports } = context;
  const { name } = source.metadata;
  const standing = await findStream(client, name, ports.signal);
  if (standing !== undefined && !isUnfinished(standing) && !overwrite)
    throw new CliError('failed', 'exists already; --overwrite replaces its tags and history');
  const place = { namespace: client.namespace, now: new Date(ports.clock.now()).toISOString() };
  if (dryRun) {
    if (standing === undefined) await refuseMissingNamespace(client, ports.signal);
    const generation = (standing?.metadata.generation ?? 0) + 2;
    const carried = carryOver(source, { ...place, generation, status: standing?.status });
    return `${summary(carried, { left: 0, verb: 'would be migrated' })} (dry run)`;
  }
  const empty = await prepare(client, source, standing, context);
  const generation = (empty.metadata.generation ?? 0) + 1;
  const carried = carryOver(source, { ...place, generation, status: standing?.status });
  const { spec, status } = carried;
  await client.patchStatus(imageStreams, name, { status: { repository: null, ...status } }, ports.signal);
  const annotations = { ...carriedMetadata(source).annotations, [migrationAnnotation]: null };
  const written: ImageStream = await client.patch(
    imageStreams,
    name,
    { metadata: { annotations }, spec },
    ports.signal,
  );
  const expected = new Set(carried.pending);
  const surprising = importableTags(written).filter(
    (tag) => isTagPending(written, tag) && !expected.has(tag.name),
  );
  if (surprising.length > 0)
    throw new CliError(
      'failed',
      `was changed by somebody else meanwhile: these tags are imported afresh: ${surprising.map((tag) => tag.name).join(', ')}`,
    );
  const left = itemsIn(status) - itemsIn(written.status ?? {});
  return summary({ ...carried, status: written.status ?? {} }, { left, verb: 'migrated' });
};
