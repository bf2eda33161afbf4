import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import { images } from '../../api/resources.ts';
import { StatusError } from '../../api/status.ts';
import { mapLimit } from '../../lib/map-limit.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { type ExportedObjects, readExportedObjects } from '../exported-objects.ts';
import { serverSentence } from '../server-sentence.ts';
import { type MigrationOptions, migrateStream } from '../stream-migration.ts';
import { isRefusal } from '../streams.ts';

export type MigrateOptions = {
  readonly namespace?: string;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
};

/** Objects that are written at a time. */
const concurrency = 8;

/** Does one thing and says what went wrong with it; false where something did. What keeps the server from being asked at all ends the command. */
const attempt = async (
  { ports }: CommandContext,
  what: string,
  work: () => Promise<void>,
): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    const isOwn = error instanceof CliError && error.code === 'failed';
    if (!isOwn && !(error instanceof StatusError)) throw error;
    ports.stderr.write(`error: ${what}: ${isOwn ? error.message : serverSentence(error)}\n`);
    return false;
  }
};

/** An image is its digest: one that is there already is the same. */
const writeImage = async (
  client: ApiClient,
  { metadata, ...image }: Image,
  signal: AbortSignal,
): Promise<void> => {
  const { name, labels = {}, annotations = {} } = metadata;
  try {
    await client.create(images, { ...image, metadata: { name, labels, annotations } }, signal);
  } catch (error) {
    if (!isRefusal(error, 'AlreadyExists')) throw error;
  }
};

type Placed = { readonly stream: ImageStream; readonly client: ApiClient; readonly id: string };

/** Where each stream goes: into the namespace that the user names, else its own, else that of the context. */
const place = (
  streams: readonly ImageStream[],
  client: ApiClient,
  named: string | undefined,
): readonly Placed[] => {
  const placed = streams.map((stream) => {
    const namespace = named ?? (stream.metadata.namespace || client.namespace);
    return { stream, client: client.in(namespace), id: `${namespace}/${stream.metadata.name}` };
  });
  const twice = placed.find(({ id }, index) => placed.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined)
    throw new CliError(
      'usage',
      `the files hold two image streams that would become ${twice.id}; migrate them apart`,
    );
  return placed;
};

const tellSkipped = ({ ports }: CommandContext, { others }: ExportedObjects): void => {
  if (others.size === 0) return;
  const kinds = [...others].map(([kind, count]) => `${count} ${kind}`).join(', ');
  ports.stderr.write(`skipped, because only ImageStreams and Images are carried over: ${kinds}\n`);
};

/**
 * `migrate FILE…`: carries the image streams of another cluster over with their status and history: what was imported there counts as
 * imported here. One line per stream.
 */
export const migrate = async (
  context: CommandContext,
  files: readonly string[],
  { namespace, overwrite = false, dryRun = false }: MigrateOptions,
): Promise<void> => {
  const { ports, connect } = context;
  const objects = await readExportedObjects(files, ports);
  if (objects.streams.length === 0)
    throw new CliError('usage', `no ImageStream of image.openshift.io/v1 in ${files.join(', ')}`);
  tellSkipped(context, objects);
  const client = await connect();
  const placed = place(objects.streams, client, namespace);
  const options: MigrationOptions = { overwrite, dryRun };
  // Images first: who reads a tag then finds what it points at.
  const written = await mapLimit(
    dryRun ? [] : objects.images,
    concurrency,
    (image, signal) =>
      attempt(context, `image ${image.metadata.name}`, () => writeImage(client, image, signal)),
    ports.signal,
  );
  const migrated: boolean[] = [];
  for (const { stream, client: there, id } of placed)
    migrated.push(
      await attempt(context, id, async () => {
        ports.stdout.write(`${id} ${await migrateStream(there, stream, options, context)}\n`);
      }),
    );
  const failed = [...written, ...migrated].filter((isDone) => !isDone).length;
  if (failed > 0)
    throw new CliError('failed', `${failed} of ${written.length + migrated.length} objects failed`);
};
