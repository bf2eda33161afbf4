import { parseAllDocuments } from 'yaml';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type Location, type Prefix, parseLocation, parsePrefix } from './prefix.ts';
import { createTableReader, type TableReader } from './read-table.ts';
import type { MirrorUse } from './registries.ts';

/** One entry of an ImageDigestMirrorSet or ImageTagMirrorSet. */
export type MirrorSet = {
  readonly source: Prefix;
  /** The most wanted first. */
  readonly mirrors: readonly Location[];
  readonly use: Exclude<MirrorUse, 'all'>;
  /** `mirrorSourcePolicy: NeverContactSource`. */
  readonly neverContactSource: boolean;
};

/** What a file says. Sets count only where there are no problems. */
export type ParsedMirrorSets = { readonly sets: readonly MirrorSet[]; readonly problems: readonly string[] };

type Kind = { readonly list: string; readonly use: MirrorSet['use'] };

const kinds: Readonly<Record<string, Kind>> = {
  ImageDigestMirrorSet: { list: 'imageDigestMirrors', use: 'digest' },
  ImageTagMirrorSet: { list: 'imageTagMirrors', use: 'tag' },
};

const policies = ['AllowContactingSource', 'NeverContactSource'];

const readMirrors = (reader: TableReader, value: unknown, where: string): readonly Location[] => {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    reader.problem(`${where}: mirrors must be a list of texts`);
    return [];
  }
  return value.flatMap((text) => {
    const parsed = parseLocation(text);
    if (parsed.ok) return [parsed.value];
    reader.problem(`${where}: the mirror ${parsed.problem}`);
    return [];
  });
};

const readEntry = (reader: TableReader, entry: JsonObject, use: MirrorSet['use'], where: string) => {
  reader.only(entry, ['source', 'mirrors', 'mirrorSourcePolicy'], where);
  const source = parsePrefix(reader.text(entry, 'source') ?? '');
  const mirrors = readMirrors(reader, entry['mirrors'] ?? [], where);
  const policy = reader.text(entry, 'mirrorSourcePolicy') ?? '';
  if (policy !== '' && !policies.includes(policy)) {
    reader.problem(`${where}: mirrorSourcePolicy is "${policy}", not ${policies.join(' or ')}`);
  }
  if (!source.ok) {
    reader.problem(`${where}: the source ${source.problem}`);
    return [];
  }
  const neverContactSource = policy === 'NeverContactSource';
  if (neverContactSource && mirrors.length === 0) {
    reader.problem(`${where}: ${source.value.text} is never to be contacted and has no mirrors`);
  }
  if (neverContactSource && mirrors.some((mirror) => mirror === source.value.text)) {
    reader.problem(`${where}: ${source.value.text} is never to be contacted and one of its own mirrors`);
  }
  return [{ source: source.value, mirrors, use, neverContactSource }];
};

const nameOf = ({ metadata }: JsonObject): string =>
  isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';

const readObject = (reader: TableReader, object: unknown): readonly MirrorSet[] => {
  if (!isJsonObject(object)) {
    reader.problem('a document is not an object');
    return [];
  }
  const written = object['kind'];
  const name = typeof written === 'string' ? written : '';
  const { items } = object;
  if (name.endsWith('List') && Array.isArray(items)) return items.flatMap((item) => readObject(reader, item));
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined || object['apiVersion'] !== 'config.openshift.io/v1') {
    const hint =
      name === 'ImageContentSourcePolicy' ? '; oc adm migrate icsp makes the newer kind of it' : '';
    const found = `${String(object['apiVersion'])} ${name === '' ? 'without a kind' : name}`;
    reader.problem(`${found} is neither an ImageDigestMirrorSet nor an ImageTagMirrorSet${hint}`);
    return [];
  }
  const where = `${name} ${nameOf(object)}`.trimEnd();
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  reader.only(spec, [kind.list], `${where}: spec`);
  const entries = spec[kind.list] ?? [];
  if (!Array.isArray(entries) || !entries.every(isJsonObject)) {
    reader.problem(`${where}: spec.${kind.list} must be a list of objects`);
    return [];
  }
  return entries.flatMap((entry) => readEntry(reader, entry, kind.use, where));
};

/**
 * Reads ImageDigestMirrorSet and ImageTagMirrorSet objects, as YAML documents, JSON or lists of either. `source` is the file's name
 * in problems.
 *
 * @see https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/config_apis/imagedigestmirrorset-config-openshift-io-v1
 */
export const parseMirrorSets = (text: string, source: string): ParsedMirrorSets => {
  const reader = createTableReader(source);
  const sets = parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const [sentence = ''] = error.message.split('\n');
      reader.problem(sentence.replace(/:$/, ''));
      return [];
    }
    const value: unknown = document.toJS();
    return value === null ? [] : readObject(reader, value);
  });
  return { sets, problems: reader.problems };
};
