import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { CliError, messageOf, systemCodeOf } from './errors.ts';
import type { CliPorts } from './ports.ts';
import { type Fields, fieldsOf, isFields, textOf } from './untyped.ts';

/**
 * Kubeconfig files: where they are looked for and how several are merged.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */

/** A named entry and the folder that its relative paths start from. */
export type Entry = { readonly fields: Fields; readonly directory: string };
export type Section = ReadonlyMap<string, Entry>;

/** Clusters, users and contexts by name. */
export type Kubeconfig = {
  readonly clusters: Section;
  readonly users: Section;
  readonly contexts: Section;
  readonly currentContext: string | undefined;
  /** The files that were read, for messages. */
  readonly sources: readonly string[];
};

/** What is needed of the world to find them. */
export type FilePorts = Pick<CliPorts, 'readFile' | 'env' | 'cwd'>;

const sectionOf = (list: unknown, key: string, directory: string): Section =>
  new Map(
    (Array.isArray(list) ? list : []).filter(isFields).flatMap((item) => {
      const name = textOf(item['name']);
      return name === undefined ? [] : [[name, { fields: fieldsOf(item[key]), directory }] as const];
    }),
  );

const parseKubeconfig = async (path: string, text: string): Promise<Kubeconfig> => {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    const [summary] = messageOf(error).split('\n');
    throw new CliError('usage', `${path} is no valid YAML: ${summary ?? ''}`, { cause: error });
  }
  if (!isFields(document)) throw new CliError('usage', `${path} is no kubeconfig: it holds no YAML mapping`);
  const directory = dirname(path);
  return {
    clusters: sectionOf(document['clusters'], 'cluster', directory),
    users: sectionOf(document['users'], 'user', directory),
    contexts: sectionOf(document['contexts'], 'context', directory),
    currentContext: textOf(document['current-context']),
    sources: [path],
  };
};

/** The first file that names something decides it, as in kubectl. */
const merge = (files: readonly Kubeconfig[]): Kubeconfig => ({
  clusters: new Map(files.toReversed().flatMap((file) => [...file.clusters])),
  users: new Map(files.toReversed().flatMap((file) => [...file.users])),
  contexts: new Map(files.toReversed().flatMap((file) => [...file.contexts])),
  currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
  sources: files.flatMap((file) => file.sources),
});

const readOptional = async (path: string, ports: FilePorts): Promise<Kubeconfig | undefined> => {
  let text: string;
  try {
    text = await ports.readFile(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
    throw new CliError('usage', `cannot read the kubeconfig ${path}: ${messageOf(error)}`, { cause: error });
  }
  return parseKubeconfig(path, text);
};

/**
 * Reads the first of these that exists: `explicit` (`--kubeconfig`), `KUBECONFIG` (a list, merged), `.imagestreams/kubeconfig` of the
 * working directory (what `serve` writes), `~/.kube/config`.
 *
 * @throws {CliError} `unreachable` where there is none, `usage` when it cannot be read.
 */
export const loadKubeconfig = async (explicit: string | undefined, ports: FilePorts): Promise<Kubeconfig> => {
  const { env, cwd } = ports;
  if (explicit !== undefined) {
    const file = await readOptional(resolve(cwd, explicit), ports);
    if (file === undefined) throw new CliError('usage', `there is no kubeconfig at ${explicit}`);
    return file;
  }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const home = env['HOME'] ?? homedir();
  const candidates = [
    listed.map((path) => resolve(cwd, path)),
    [join(cwd, '.imagestreams', 'kubeconfig')],
    [join(home, '.kube', 'config')],
  ];
  for (const paths of listed.length > 0 ? candidates.slice(0, 1) : candidates) {
    const read = await Promise.all(paths.map((path) => readOptional(path, ports)));
    const found = read.filter((file) => file !== undefined);
    if (found.length > 0) return merge(found);
  }
  const lookedAt = listed.length > 0 ? `KUBECONFIG=${env['KUBECONFIG']}` : candidates.flat().join(', ');
  throw new CliError(
    'unreachable',
    `no kubeconfig found (looked at ${lookedAt}); start a server here with "imagestreams serve", or name one with --kubeconfig FILE`,
  );
};
