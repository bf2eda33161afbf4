import { parseImageStreamTagName } from '../../api/image-stream-names.ts';
import type { ContainerList } from '../../api/workload-patch.ts';

/** Which container of a pod spec. A name is looked up among init containers first, then among the others, as the original does. */
export type ContainerSelector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly list: ContainerList; readonly index: number };

/** One active entry of the annotation of a build: start it when that tag moves. */
export type BuildTrigger = { readonly namespace: string; readonly stream: string; readonly tag: string };

/** One active entry of the annotation of a workload: keep this container at that tag. */
export type ImageTrigger = BuildTrigger & {
  /** As written, e.g. `spec.template.spec.containers[0].image`. */
  readonly fieldPath: string;
  readonly container: ContainerSelector;
};

/** Why entries do not count that nobody else would act on either, a sentence for the user each: slips, most likely. */
type Ignored = { readonly ignored: readonly string[] };

export type ParsedTriggers =
  | ({ readonly ok: true; readonly triggers: readonly ImageTrigger[] } & Ignored)
  /** `problem` is a sentence for the user; none of the entries counts. */
  | { readonly ok: false; readonly problem: string };

export type ParsedBuildTriggers =
  | ({ readonly ok: true; readonly triggers: readonly BuildTrigger[] } & Ignored)
  | { readonly ok: false; readonly problem: string };

/** An entry as it is written; unknown fields do not count. */
type Entry = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly fieldPath: string;
  readonly paused: boolean;
};

/** What is wrong with an annotation; never leaves this file. */
class AnnotationProblem extends Error {
  override readonly name = 'AnnotationProblem';
}

type Fields = Readonly<Record<string, unknown>>;

/** `null` stands for "not set" everywhere, as in the original's decoder. */
const asFields = (value: unknown, what: string): Fields => {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new AnnotationProblem(`${what} must be an object`);
  return value as Fields;
};

const asText = (value: unknown, what: string): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new AnnotationProblem(`${what} must be a string`);
  return value;
};

const asFlag = (value: unknown, what: string): boolean => {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean')
    throw new AnnotationProblem(`${what} must be true or false, without quotes`);
  return value;
};

const decodeEntry = (value: unknown, index: number): Entry => {
  const entry = asFields(value, `entry ${index}`);
  const from = asFields(entry['from'], `from of entry ${index}`);
  return {
    kind: asText(from['kind'], `from.kind of entry ${index}`),
    apiVersion: asText(from['apiVersion'], `from.apiVersion of entry ${index}`),
    name: asText(from['name'], `from.name of entry ${index}`),
    namespace: asText(from['namespace'], `from.namespace of entry ${index}`),
    fieldPath: asText(entry['fieldPath'], `fieldPath of entry ${index}`),
    paused: asFlag(entry['paused'], `paused of entry ${index}`),
  };
};

const decodeList = (text: string): readonly Entry[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AnnotationProblem('it is not valid JSON');
  }
  if (value === null) return [];
  if (!Array.isArray(value)) throw new AnnotationProblem('it must be a JSON array');
  return value.map(decodeEntry);
};

const decodeEntries = (text: string): readonly Entry[] => {
  const entries = decodeList(text);
  const paths = new Set(entries.map(({ fieldPath }) => fieldPath));
  if (paths.size < entries.length) throw new AnnotationProblem('duplicate triggers are not allowed');
  return entries;
};

const containerExpression = /^(containers|initContainers)\[([^\]]*)\]\.image$/;
const nameExpression = /^\?\(@\.name=="([^"]+)"\)$/;
const indexExpression = /^[+-]?\d+$/;

const parseSelector = (path: string, fieldPath: string): ContainerSelector => {
  const [, list, selector = ''] = containerExpression.exec(path) ?? [];
  if (list === 'containers' || list === 'initContainers') {
    if (indexExpression.test(selector)) return { kind: 'index', list, index: Number(selector) };
    const name = nameExpression.exec(selector)?.[1];
    if (name !== undefined) return { kind: 'name', name };
  }
  throw new AnnotationProblem(
    `fieldPath ${JSON.stringify(fieldPath)} does not name the image of a container by index or by [?(@.name=="NAME")]`,
  );
};

/** What an entry is: a trigger, the reason why it is none, or undefined for one that is paused or meant for somebody else. */
type Read<T> = T | string | undefined;

/** The tag that an entry is about. */
const sourceOf = (entry: Entry, namespace: string): Read<BuildTrigger> => {
  if (entry.paused || entry.apiVersion !== '') return undefined;
  if (entry.kind === '') return 'from.kind is missing, which must be ImageStreamTag';
  if (entry.kind !== 'ImageStreamTag') return undefined;
  const source = parseImageStreamTagName(entry.name);
  if (source === undefined) return `from.name ${JSON.stringify(entry.name)} is not of the form STREAM:TAG`;
  return { namespace: entry.namespace === '' ? namespace : entry.namespace, ...source };
};

/** The trigger that an entry asks for. */
const triggerOf = (entry: Entry, object: TriggerScope): Read<ImageTrigger> => {
  const source = sourceOf(entry, object.namespace);
  if (typeof source !== 'object') return source;
  const base = `${object.podSpecPath}.`;
  if (!entry.fieldPath.startsWith(base))
    return `fieldPath ${JSON.stringify(entry.fieldPath)} does not begin with ${object.podSpecPath}`;
  return {
    ...source,
    fieldPath: entry.fieldPath,
    container: parseSelector(entry.fieldPath.slice(base.length), entry.fieldPath),
  };
};

export type TriggerScope = {
  /** Namespace of the workload; that of a stream without one. */
  readonly namespace: string;
  /** Where its kind keeps the pod spec, e.g. `spec.template.spec`. */
  readonly podSpecPath: string;
};

const problemOf = (error: unknown): { readonly ok: false; readonly problem: string } => {
  if (error instanceof AnnotationProblem) return { ok: false, problem: error.message };
  throw error;
};

/** Those of the entries that count, and why others do not. */
const sorted = <T extends object>(
  entries: readonly Read<T>[],
): { readonly triggers: readonly T[] } & Ignored => ({
  triggers: entries.filter((entry): entry is T => typeof entry === 'object'),
  ignored: entries.flatMap((entry, index) => (typeof entry === 'string' ? [`Entry ${index}: ${entry}`] : [])),
});

/**
 * Reads the annotation `image.openshift.io/triggers`.
 *
 * Skipped are entries that are paused, of another kind, with an `apiVersion`, and, which is told, those with a name that is no
 * `stream:tag` or with a path outside the pod spec. A malformed document, a malformed path or a path that occurs twice makes the whole annotation a problem.
 *
 * @see openshift-controller-manager `pkg/image/trigger/annotations`
 */
export const parseTriggers = (text: string, object: TriggerScope): ParsedTriggers => {
  try {
    return { ok: true, ...sorted(decodeEntries(text).map((entry) => triggerOf(entry, object))) };
  } catch (error) {
    return problemOf(error);
  }
};

/** Reads the annotation of a build: entries without a `fieldPath`, of which each starts the build. Else as {@link parseTriggers}. */
export const parseBuildTriggers = (text: string, namespace: string): ParsedBuildTriggers => {
  try {
    const entries = decodeList(text);
    if (entries.some(({ fieldPath }) => fieldPath !== ''))
      throw new AnnotationProblem('a build is started, nothing of it is changed: leave fieldPath out');
    const { triggers, ignored } = sorted(entries.map((entry) => sourceOf(entry, namespace)));
    const tags = new Set(triggers.map((one) => JSON.stringify([one.namespace, one.stream, one.tag])));
    if (tags.size < triggers.length) throw new AnnotationProblem('duplicate triggers are not allowed');
    return { ok: true, triggers, ignored };
  } catch (error) {
    return problemOf(error);
  }
};
