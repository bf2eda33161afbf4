import type { ImageImportStatus, ImageStreamImport } from '../api/image-stream-import.ts';
import { imageStreamImports, imageStreams, imageStreamTags } from '../api/resources.ts';
import { mapLimit } from '../lib/map-limit.ts';
import type { ApiClient } from './client.ts';
import { CliError } from './errors.ts';
import { findImage } from './images.ts';
import { importFailures } from './import-report.ts';
import type { CliPorts } from './ports.ts';
import { findStream, isRefusal } from './streams.ts';

/*
 * Import requests where they are objects: a cluster with our CRDs answers a POST before anything has run, and a controller tells in the
 * request's status how it went.
 */

type Ports = Pick<CliPorts, 'clock' | 'stderr' | 'signal'>;

/** So long without an answer is unusual enough to say what may be wrong. */
const noticeAfterMs = 20_000;
/** Images read at a time. */
const concurrency = 8;

const servedBy = async (client: ApiClient, signal: AbortSignal): Promise<readonly string[] | undefined> => {
  try {
    return await client.resources(imageStreams, signal);
  } catch (error) {
    // The request that follows says better what is missing.
    if (isRefusal(error, 'NotFound', 'Forbidden')) return undefined;
    throw error;
  }
};

/** Whether the server runs imports itself and answers with what came of them, as OpenShift and `serve` do. */
export const answersImports = async (client: ApiClient, signal: AbortSignal): Promise<boolean> => {
  const served = await servedBy(client, signal);
  // Only where the list is one of ours is it told from others by what it lacks.
  return (
    served === undefined ||
    !served.includes(imageStreamImports.plural) ||
    served.includes(imageStreamTags.plural)
  );
};

const conditionOf = ({ status }: ImageStreamImport) =>
  status?.conditions?.find(({ type, status: is }) => type === 'Complete' && is === 'True');

type WatchLine = { readonly type: string; readonly object: ImageStreamImport };

/** Waits until a request is finished; the watch is begun anew as often as the server ends it. */
const untilFinished = async (
  client: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<ImageStreamImport> => {
  const { group, version, plural } = imageStreamImports;
  const collection = `/apis/${group}/${version}/namespaces/${encodeURIComponent(client.namespace)}/${plural}`;
  for (;;) {
    const current = await client.get(imageStreamImports, name, signal);
    if (conditionOf(current) !== undefined) return current;
    const query = new URLSearchParams({
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: current.metadata.resourceVersion ?? '',
      timeoutSeconds: '300',
    });
    for await (const line of await client.lines(`${collection}?${query.toString()}`, signal)) {
      const { type, object } = JSON.parse(line) as WatchLine;
      if (type === 'DELETED')
        throw new CliError('failed', `the import request "${name}" was deleted before it was finished`);
      // An error ends the watch: the request is read again.
      if (type !== 'ERROR' && conditionOf(object) !== undefined) return object;
    }
  }
};

const withNotice = async <T>(
  { clock, stderr, signal }: Ports,
  name: string,
  work: Promise<T>,
): Promise<T> => {
  const ended = new AbortController();
  const notice = clock.sleep(noticeAfterMs, AbortSignal.any([signal, ended.signal])).then(
    () =>
      void stderr.write(
        `warning: nobody has finished the import request "${name}" yet; is the controller running? Still waiting\n`,
      ),
    () => undefined,
  );
  try {
    return await work;
  } finally {
    ended.abort();
    await notice;
  }
};

/** The whole image in place of its digest; without it where there is none, or the user may not read images. */
const withImage = async (
  client: ApiClient,
  { image, ...rest }: ImageImportStatus,
  signal: AbortSignal,
): Promise<ImageImportStatus> => {
  const digest = image?.metadata?.name ?? '';
  const found = digest === '' ? undefined : await findImage(client, digest, signal);
  return found?.kind === 'found' ? { ...rest, image: found.image } : rest;
};

/** A finished request as OpenShift would have answered it: with the stream and whole images. */
const asAnswered = async (
  client: ApiClient,
  stream: string,
  finished: ImageStreamImport,
  signal: AbortSignal,
): Promise<ImageStreamImport> => {
  const { conditions: _, images: parts = [], repository, ...status } = finished.status ?? {};
  const read = (list: readonly ImageImportStatus[]) =>
    mapLimit(list, concurrency, (one, inner) => withImage(client, one, inner), signal);
  const found = finished.spec?.import === true ? await findStream(client, stream, signal) : undefined;
  return {
    ...finished,
    status: {
      ...status,
      ...(found === undefined ? {} : { import: found }),
      ...(parts.length === 0 ? {} : { images: await read(parts) }),
      ...(repository === undefined
        ? {}
        : { repository: { ...repository, images: await read(repository.images ?? []) } }),
    },
  };
};

/** Has a cluster import: creates the request, waits until it is finished and resolves to what OpenShift would have answered. */
export const importByObject = async (
  client: ApiClient,
  request: ImageStreamImport,
  ports: Ports,
): Promise<ImageStreamImport> => {
  const { signal } = ports;
  const { status: _, metadata, spec, ...kind } = request;
  const stream = metadata.name;
  const object = { ...kind, metadata: { generateName: `${stream}-` }, spec: { ...spec, stream } };
  const { metadata: created } = await client.create<ImageStreamImport>(imageStreamImports, object, signal);
  const finished = await withNotice(ports, created.name, untilFinished(client, created.name, signal));
  const { reason = '', message = '' } = conditionOf(finished) ?? {};
  // A request that could not be run at all has no parts that could tell.
  if (reason === 'ImportFailed' && importFailures(finished).length === 0)
    throw new CliError('failed', message);
  return asAnswered(client, stream, finished, signal);
};
