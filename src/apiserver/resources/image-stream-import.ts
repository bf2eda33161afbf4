import { randomUUID } from 'node:crypto';
import type { FinishedImport } from '../../api/apply-import.ts';
import { applyImageStreamImportDefaults } from '../../api/defaults.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ImageStreamImport } from '../../api/image-stream-import.ts';
import { imageStreamImports, imageStreams } from '../../api/resources.ts';
import { validateImageStreamImport } from '../../api/validation/image-stream-import.ts';
import { runImportRequest } from '../../importer/request.ts';
import type { Importer, Keychains } from '../../importer/types.ts';
import { formatTime } from '../../lib/clock.ts';
import { conflictError, notFoundError } from '../errors.ts';
import { assertValid, metadataForCreate } from '../metadata.ts';
import type { RestContext, RestStorage } from '../rest-storage.ts';
import { nameColumn } from './columns.ts';
import { withImagesKept } from './image-persistence.ts';
import { type ResultPorts, type Seen, withRefusals, writeResults } from './import-results.ts';
import { inSingular } from './in-singular.ts';

/** What an import request stands on. */
export type ImportPorts = ResultPorts & {
  readonly importer: Importer;
  readonly keychains: Keychains;
  /** Tags of a repository to import at most; 0: all. */
  readonly maxTagsPerRepository: number;
};

type ImportStatus = NonNullable<ImageStreamImport['status']>;

/**
 * What the request says of the stream must hold before anything is fetched.
 *
 * @throws {StatusError} 404 where there is no such stream, 409 where it has changed.
 */
const checkPreconditions = ({ metadata }: ImageStreamImport, seen: Seen): void => {
  const { name, resourceVersion = '', uid = '' } = metadata;
  if (resourceVersion === '' && uid === '') return;
  if (seen === undefined) throw notFoundError(imageStreamImports, name);
  const newest = seen.metadata.resourceVersion;
  if (resourceVersion !== '' && resourceVersion !== newest)
    throw conflictError(
      inSingular(imageStreams),
      name,
      `the image stream was updated from ${JSON.stringify(resourceVersion)} to ${JSON.stringify(newest)}`,
    );
  if (uid !== '' && uid !== seen.metadata.uid) throw notFoundError(inSingular(imageStreams), name);
};

/** An object inside another one does not say its kind. */
const embeddedStream = ({ apiVersion: _apiVersion, kind: _kind, ...stream }: ImageStream) => stream;

const runAndApply = async (
  ports: ImportPorts,
  request: ImageStreamImport,
  namespace: string,
  context: RestContext,
): Promise<ImportStatus> => {
  const { store, keychains, maxTagsPerRepository: maxTags } = ports;
  const { spec = {} } = request;
  const { name } = request.metadata;
  const seen = await store.get(imageStreams, { namespace, name }, context.signal);
  checkPreconditions(request, seen);
  const isApplied = spec.import === true;
  const importer = isApplied && !context.dryRun ? withImagesKept(ports.importer, store) : ports.importer;
  const keychain = await keychains(namespace, context.signal);
  const asked = { spec, stream: seen, keychain, caller: namespace, maxTags };
  const result = await runImportRequest(importer, asked, context.signal);
  if (!isApplied) return result.status;
  const { images, repository } = result;
  const finished: FinishedImport = { namespace, name, spec, images, repository };
  const applied = await writeResults(ports, request, finished, seen, context);
  const status = withRefusals(result.status, finished, applied);
  return { import: embeddedStream(applied.stream), ...status };
};

/**
 * Import requests: a POST is answered when the import is done, with what came of each part; it is 201 also where all of them failed
 * (openshift-semantics §3.2). Nothing of the request itself is stored.
 */
export const createImageStreamImportStorage = (ports: ImportPorts): RestStorage<ImageStreamImport> => ({
  resource: imageStreamImports,
  columns: [nameColumn],

  async create(object, namespace, context) {
    const { status: _status, ...given } = object;
    const named = metadataForCreate(object, namespace);
    const { resourceVersion = '', uid = '' } = object.metadata;
    const request = applyImageStreamImportDefaults({
      ...given,
      metadata: { ...named, resourceVersion, uid },
    });
    assertValid(imageStreamImports, named.name, validateImageStreamImport(request));
    const status = await runAndApply(ports, request, namespace, context);
    const creationTimestamp = formatTime(ports.clock.now());
    return { ...request, metadata: { ...named, uid: randomUUID(), creationTimestamp }, status };
  },
});
