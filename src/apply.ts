import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './api/meta.ts';
import { apiVersionOf, type Resource } from './api/resource.ts';
import type { Status } from './api/status.ts';

/** One request to the API of this server. */
export type ApiCall = (
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: { readonly contentType: string; readonly value: unknown },
) => Promise<{ readonly status: number; readonly body: unknown }>;

/** A manifest could not be applied; the message names the file or object and what to do. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
}

type Manifest = { readonly file: string; readonly object: KubernetesObject };

const isManifestFile = (name: string): boolean => /\.(?:ya?ml|json)$/.test(name);

const filesOf = async (path: string): Promise<readonly string[]> => {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path))
      .filter(isManifestFile)
      .toSorted()
      .map((name) => join(path, name));
  } catch (error) {
    throw new ApplyError(`--apply ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
};

const isObject = (value: unknown): value is KubernetesObject & { readonly items?: readonly unknown[] } =>
  typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;

const objectsOf = (file: string, document: unknown): readonly Manifest[] => {
  // An empty document: a comment, or what stands before the first separator.
  if (document === null || document === undefined) return [];
  if (!isObject(document)) throw new ApplyError(`${file}: a document has no apiVersion and kind`);
  if (document.kind === 'List') return (document.items ?? []).flatMap((item) => objectsOf(file, item));
  if (typeof document.metadata?.name !== 'string')
    throw new ApplyError(`${file}: a ${document.kind} has no metadata.name`);
  return [{ file, object: document }];
};

const readManifests = async (file: string): Promise<readonly Manifest[]> => {
  const text = await readFile(file, 'utf8');
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new ApplyError(`${file}: ${problem.message}`);
    return objectsOf(file, document.toJS());
  });
};

const collectionPath = (resource: Resource, namespace: string): string => {
  const group =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return `${group}${resource.namespaced ? `/namespaces/${namespace}` : ''}/${resource.plural}`;
};

/** Creates the object, or merges it into the one that is there. */
const applyOne = async (
  { file, object }: Manifest,
  resources: readonly Resource[],
  call: ApiCall,
): Promise<void> => {
  const { apiVersion, kind, metadata } = object;
  const resource = resources.find(
    (candidate) => apiVersionOf(candidate) === apiVersion && candidate.kind === kind,
  );
  if (resource === undefined) throw new ApplyError(`${file}: ${apiVersion} ${kind} is not served here`);
  const collection = collectionPath(resource, metadata.namespace ?? 'default');
  const created = await call('POST', collection, { contentType: 'application/json', value: object });
  const answer =
    created.status === 409
      ? await call('PATCH', `${collection}/${metadata.name}`, {
          contentType: 'application/merge-patch+json',
          value: object,
        })
      : created;
  if (answer.status >= 300)
    throw new ApplyError(`${file}: ${kind} ${metadata.name}: ${(answer.body as Status).message}`);
};

/**
 * Creates or updates what the files say, in order; a directory stands for its YAML and JSON files. All files are read before the first
 * object is written, so that a broken one leaves nothing half applied.
 *
 * @throws {ApplyError} for the first thing that is wrong.
 */
export const applyManifests = async (
  paths: readonly string[],
  resources: readonly Resource[],
  call: ApiCall,
): Promise<void> => {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const manifests = (await Promise.all(files.map(readManifests))).flat();
  for (const manifest of manifests) await applyOne(manifest, resources, call);
};
