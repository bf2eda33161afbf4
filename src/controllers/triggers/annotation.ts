import { parseImageStreamTagName } from '../../api/image-stream-names.ts';
import type { ContainerList } from '../../api/workload-patch.ts';
import { AnnotationProblem, decodeEntries, type Entry } from './annotation-entry.ts';

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

/** What of the entries does not count, a sentence for the user each: slips, most likely. */
type Ignored = { readonly ignored: readonly string[] };

export type ParsedTriggers =
  | ({ readonly ok: true; readonly triggers: readonly ImageTrigger[] } & Ignored)
  /** `problem` is a sentence for the user; none of the entries counts. */
  | { readonly ok: false; readonly problem: string };

export type ParsedBuildTriggers =
  | ({ readonly ok: true; readonly triggers: readonly BuildTrigger[] } & Ignored)
  | { readonly ok: false; readonly problem: string };

const decodeWorkloadEntries = (text: string): readonly Entry[] => {
  const entries = decodeEntries(text);
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

/** What an entry is: a trigger, the reason why it is none, or undefined for one that is paused. */
type Read<T> = T | string | undefined;

/** The tag that an entry is about. */
const sourceOf = (entry: Entry, namespace: string): Read<BuildTrigger> => {
  if (entry.paused) return undefined;
  if (entry.apiVersion !== '')
    return `from.apiVersion ${JSON.stringify(entry.apiVersion)} has to be left out`;
  if (entry.kind === '') return 'from.kind is missing, which must be ImageStreamTag';
  if (entry.kind !== 'ImageStreamTag')
    return `from.kind ${JSON.stringify(entry.kind)} is not followed, only ImageStreamTag is`;
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

/** Those of the entries that count, and what does not. */
const sorted = <T extends object>(
  entries: readonly Entry[],
  read: (entry: Entry) => Read<T>,
): { readonly triggers: readonly T[] } & Ignored => {
  const results = entries.map(read);
  return {
    triggers: results.filter((result): result is T => typeof result === 'object'),
    ignored: entries.flatMap(({ remarks }, index) => {
      const result = results[index];
      const told = typeof result === 'string' ? [result, ...remarks] : remarks;
      return told.map((sentence) => `Entry ${index}: ${sentence}`);
    }),
  };
};

/**
 * Reads the annotation `image.openshift.io/triggers`.
 *
 * Skipped are entries that are paused, and, which is told, those of another kind, with an `apiVersion`, with a name that is no
 * `stream:tag` or with a path outside the pod spec. A malformed document, a malformed path or a path that occurs twice makes the whole annotation a problem.
 *
 * @see openshift-controller-manager `pkg/image/trigger/annotations`
 */
export const parseTriggers = (text: string, object: TriggerScope): ParsedTriggers => {
  try {
    return { ok: true, ...sorted(decodeWorkloadEntries(text), (entry) => triggerOf(entry, object)) };
  } catch (error) {
    return problemOf(error);
  }
};

/** Reads the annotation of a build: entries without a `fieldPath`, of which each starts the build. Else as {@link parseTriggers}. */
export const parseBuildTriggers = (text: string, namespace: string): ParsedBuildTriggers => {
  try {
    const entries = decodeEntries(text);
    if (entries.some(({ fieldPath }) => fieldPath !== ''))
      throw new AnnotationProblem('a build is started, nothing of it is changed: leave fieldPath out');
    const { triggers, ignored } = sorted(entries, (entry) => sourceOf(entry, namespace));
    const tags = new Set(triggers.map((one) => JSON.stringify([one.namespace, one.stream, one.tag])));
    if (tags.size < triggers.length) throw new AnnotationProblem('duplicate triggers are not allowed');
    return { ok: true, triggers, ignored };
  } catch (error) {
    return problemOf(error);
  }
};
