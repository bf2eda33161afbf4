import { parse, TomlError } from 'smol-toml';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type Location, type Parsed, parseLocation, parsePrefix } from './prefix.ts';
import { createTableReader, type TableReader } from './read-table.ts';
import type { Mirror, MirrorUse, RegistryRule } from './registries.ts';

/** What a file says. Rules count only where there are no problems. */
export type ParsedRegistriesConf = {
  readonly rules: readonly RegistryRule[];
  readonly problems: readonly string[];
  /** What the file says and this program does not do; harmless. */
  readonly notes: readonly string[];
};

/** Settings about short names and logins, which have no meaning here, with the reason. */
const ignored: Readonly<Record<string, string>> = {
  'unqualified-search-registries': 'short names mean Docker Hub, as in OpenShift',
  'short-name-mode': 'short names mean Docker Hub, as in OpenShift',
  aliases: 'short names mean Docker Hub, as in OpenShift',
  'credential-helpers': 'credentials come from pull secrets',
  'additional-layer-store-auth-helper': 'layers are not fetched',
};

const uses: Readonly<Record<string, MirrorUse>> = { all: 'all', 'digest-only': 'digest', 'tag-only': 'tag' };

const registryKeys = ['prefix', 'location', 'insecure', 'blocked', 'mirror', 'mirror-by-digest-only'];
const mirrorKeys = ['location', 'insecure', 'pull-from-mirror'];

const tablesOf = (reader: TableReader, table: JsonObject, key: string): readonly JsonObject[] => {
  const value = table[key] ?? [];
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  reader.problem(`${key} must be a list of tables: write [[${key}]]`);
  return [];
};

/** A prefix or location; `undefined`, and a problem, where it is none. */
const take = <Value>(reader: TableReader, key: string, parsed: Parsed<Value>): Value | undefined => {
  if (parsed.ok) return parsed.value;
  reader.problem(`${key} ${parsed.problem}`);
  return undefined;
};

const takeLocation = (reader: TableReader, table: JsonObject): Location | undefined => {
  const text = reader.text(table, 'location');
  return text === undefined || text === '' ? undefined : take(reader, 'location', parseLocation(text));
};

const readMirror = (reader: TableReader, table: JsonObject, digestOnly: boolean): Mirror | undefined => {
  const where = '[[registry.mirror]]';
  reader.only(table, mirrorKeys, where);
  const location = takeLocation(reader, table);
  if (!('location' in table)) reader.problem(`${where}: the location is missing`);
  const asked = reader.text(table, 'pull-from-mirror') ?? '';
  if (digestOnly && asked !== '') {
    reader.problem(`${where}: pull-from-mirror and mirror-by-digest-only exclude each other`);
  }
  const use = asked === '' ? (digestOnly ? 'digest' : 'all') : uses[asked];
  if (use === undefined) {
    reader.problem(`${where}: pull-from-mirror is "${asked}", not all, digest-only or tag-only`);
  }
  const insecure = reader.flag(table, 'insecure');
  return location === undefined || use === undefined ? undefined : { location, insecure, use };
};

const readRule = (reader: TableReader, table: JsonObject): RegistryRule | undefined => {
  const where = '[[registry]]';
  reader.only(table, registryKeys, where);
  const location = takeLocation(reader, table);
  const written = reader.text(table, 'prefix') ?? '';
  if (written === '' && location === undefined) {
    if (!('location' in table)) reader.problem(`${where}: neither prefix nor location is set`);
    return undefined;
  }
  const prefix = take(reader, 'prefix', parsePrefix(written === '' ? (location ?? '') : written));
  const digestOnly = reader.flag(table, 'mirror-by-digest-only');
  const mirrors = tablesOf(reader, table, 'mirror').map((mirror) => readMirror(reader, mirror, digestOnly));
  const insecure = reader.flag(table, 'insecure');
  const blocked = reader.flag(table, 'blocked');
  if (prefix === undefined) return undefined;
  return { prefix, location, insecure, blocked, mirrors: mirrors.filter((mirror) => mirror !== undefined) };
};

const parseToml = (text: string): Parsed<JsonObject> => {
  try {
    return { ok: true, value: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [sentence = ''] = error.message.split('\n');
    return { ok: false, problem: `line ${error.line}: ${sentence}` };
  }
};

/**
 * Reads a `registries.conf` of version 2. `source` is the file's name in problems. What is unknown is a problem, because a rule
 * that is misspelt would not hold; what is about short names and logins is noted and ignored.
 *
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 */
export const parseRegistriesConf = (text: string, source: string): ParsedRegistriesConf => {
  const toml = parseToml(text);
  if (!toml.ok) return { rules: [], problems: [`${source}: ${toml.problem}`], notes: [] };
  const file = toml.value;
  const reader = createTableReader(source);
  if ('registries' in file) {
    reader.problem('this is version 1 of the format; write [[registry]] tables instead of [registries.…]');
    return { rules: [], problems: reader.problems, notes: [] };
  }
  reader.only(file, ['registry', ...Object.keys(ignored)], 'the file');
  const rules = new Map<string, RegistryRule>();
  for (const table of tablesOf(reader, file, 'registry')) {
    const rule = readRule(reader, table);
    if (rule === undefined) continue;
    if (rules.has(rule.prefix.text)) reader.problem(`${rule.prefix.text} has two [[registry]] tables`);
    rules.set(rule.prefix.text, rule);
  }
  const notes = Object.entries(ignored)
    .filter(([key]) => key in file)
    .map(([key, why]) => `${source}: ${key} is ignored: ${why}`);
  return { rules: [...rules.values()], problems: reader.problems, notes };
};
