import { resolve } from 'node:path';
import { decode } from '../api/decode.ts';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import { imageStreams, images } from '../api/resources.ts';
import { CliError, messageOf } from './errors.ts';
import type { CliPorts } from './ports.ts';
import { type Fields, fieldsOf, isFields, textOf } from './untyped.ts';

/** What files hold that `oc get -o yaml` wrote. */
export type ExportedObjects = {
  readonly streams: readonly ImageStream[];
  readonly images: readonly Image[];
  /** How many objects of other kinds there were, by kind. */
  readonly others: ReadonlyMap<string, number>;
};

type Found = { readonly file: string; readonly object: Fields };

/** The objects of one document: itself, or the items of a List of any kind. */
const objectsIn = (file: string, document: unknown): readonly Found[] => {
  // An empty document: a comment, or what stands before the first separator.
  if (document === null || document === undefined) return [];
  if (!isFields(document) || textOf(document['kind']) === undefined)
    throw new CliError('usage', `${file}: a document is no Kubernetes object: it has no kind`);
  if (!Array.isArray(document['items'])) return [{ file, object: document }];
  // A list of one kind need not repeat in each item what it is.
  const kind = String(document['kind']).replace(/List$/, '');
  const typed = kind === '' ? {} : { apiVersion: document['apiVersion'], kind };
  return document['items'].flatMap((item: unknown) =>
    objectsIn(file, isFields(item) ? { ...typed, ...item } : item),
  );
};

const readFile = async (file: string, { readFile: read, cwd }: CliPorts): Promise<readonly Found[]> => {
  let text: string;
  try {
    text = await read(file === '-' ? '/dev/stdin' : resolve(cwd, file));
  } catch (error) {
    throw new CliError('usage', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  const { parseAllDocuments } = await import('yaml');
  const found = [...parseAllDocuments(text)].flatMap((document) => {
    const [problem] = document.errors;
    if (problem === undefined) return objectsIn(file, document.toJS());
    throw new CliError('usage', `${file} is no valid YAML: ${problem.message.split('\n')[0] ?? ''}`);
  });
  if (found.length === 0) throw new CliError('usage', `${file} holds no objects`);
  return found;
};

const isOf = ({ object }: Found, resource: Resource): boolean =>
  object['apiVersion'] === apiVersionOf(resource) && object['kind'] === resource.kind;

const decoded = <T extends KubernetesObject>({ file, object }: Found, { kind, schema }: Resource): T => {
  const name = textOf(fieldsOf(object['metadata'])['name']);
  if (name === undefined)
    throw new CliError('usage', `${file}: an object of kind ${kind} has no metadata.name`);
  const { value, problems } = decode<T>(schema, object);
  const misfit = problems.find((problem) => problem.kind === 'type');
  if (misfit === undefined) return value;
  throw new CliError('usage', `${file}: ${kind} ${name}: ${misfit.path}: ${misfit.message}`);
};

const countKinds = (found: readonly Found[]): ReadonlyMap<string, number> =>
  found.reduce((counts, { object }) => {
    const kind = String(object['kind']);
    return counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }, new Map<string, number>());

/**
 * Reads files of YAML or JSON, `-` for the standard input: single objects, lists, several documents in a file. All are read before anything
 * is done with them.
 *
 * @throws {CliError} `usage` for a file that cannot be read or understood.
 */
export const readExportedObjects = async (
  files: readonly string[],
  ports: CliPorts,
): Promise<ExportedObjects> => {
  const found: Found[] = [];
  for (const file of files) found.push(...(await readFile(file, ports)));
  return {
    streams: found.filter((one) => isOf(one, imageStreams)).map((one) => decoded(one, imageStreams)),
    images: found.filter((one) => isOf(one, images)).map((one) => decoded(one, images)),
    others: countKinds(found.filter((one) => !isOf(one, imageStreams) && !isOf(one, images))),
  };
};
