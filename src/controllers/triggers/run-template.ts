import { ourPrefix } from '../../api/annotations.ts';
import { type BuildKind, type RunObject, typeOfRun } from './build-kinds.ts';

/** Why a run is started: the tag that moved last. */
export type RunCause = {
  readonly namespace: string;
  readonly stream: string;
  readonly tag: string;
  readonly revision: number;
  /** Pull spec of the image that the tag has now. */
  readonly image: string;
};

export type RunTemplate = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
};

export type ParsedTemplate =
  | { readonly ok: true; readonly template: RunTemplate }
  /** `problem` is a part of a sentence for the user. */
  | { readonly ok: false; readonly problem: string };

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isFields(value) && Object.values(value).every((text) => typeof text === 'string');

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Refuses what is not known, so that nobody waits for what a template cannot do, such as another namespace. */
const unknownField = (value: Fields, known: readonly string[]): string | undefined =>
  Object.keys(value).find((field) => !known.includes(field));

/** Reads the annotation: `metadata.labels`, `metadata.annotations` and `spec` of the runs, as JSON. No annotation: an empty template. */
export const parseRunTemplate = (text: string | undefined): ParsedTemplate => {
  if (text === undefined || text === '')
    return { ok: true, template: { labels: {}, annotations: {}, spec: {} } };
  const value = parseJson(text);
  if (!isFields(value)) return { ok: false, problem: 'it must be a JSON object' };
  const { metadata = {}, spec = {} } = value;
  if (!isFields(metadata)) return { ok: false, problem: 'metadata must be an object' };
  const stranger = unknownField(value, ['metadata', 'spec']);
  if (stranger !== undefined)
    return { ok: false, problem: `"${stranger}" is not known; it may hold metadata and spec` };
  const other = unknownField(metadata, ['labels', 'annotations']);
  if (other !== undefined)
    return { ok: false, problem: `metadata.${other} cannot be set; labels and annotations can` };
  const { labels = {}, annotations = {} } = metadata;
  if (!isTexts(labels)) return { ok: false, problem: 'metadata.labels must map names to strings' };
  if (!isTexts(annotations)) return { ok: false, problem: 'metadata.annotations must map names to strings' };
  if (!isFields(spec)) return { ok: false, problem: 'spec must be an object' };
  return { ok: true, template: { labels, annotations, spec } };
};

/** What `$(trigger.NAME)` stands for in the strings of a template. */
const variablesOf = (cause: RunCause): Readonly<Record<string, string>> => ({
  image: cause.image,
  namespace: cause.namespace,
  stream: cause.stream,
  tag: cause.tag,
  revision: String(cause.revision),
  digest: cause.image.split('@')[1] ?? '',
});

const filled = (value: unknown, variables: Readonly<Record<string, string>>): unknown => {
  if (typeof value === 'string')
    return value.replaceAll(/\$\(trigger\.(\w+)\)/g, (whole, name: string) => variables[name] ?? whole);
  if (Array.isArray(value)) return value.map((item) => filled(item, variables));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, filled(field, variables)]));
};

/** On a run: the build that it is of. */
const buildLabel = `${ourPrefix}/triggered-build`;
/** On a run: why it was started. */
const causeAnnotation = `${ourPrefix}/trigger-cause`;
/** Longest value of a label. */
const maxLabel = 63;

/** A sentence's part that says why a run is started. */
export const describeCause = ({ namespace, stream, tag, revision, image }: RunCause): string =>
  `${namespace}/${stream}:${tag} moved to revision ${revision}, ${image}`;

/** The run that a template asks for. What makes it a run of that build stands whatever the template says. */
export const runOf = (
  kind: BuildKind,
  build: { readonly namespace: string; readonly name: string },
  name: string,
  template: RunTemplate,
  cause: RunCause,
): RunObject => {
  const { labels, annotations, spec } = filled(template, variablesOf(cause)) as RunTemplate;
  return {
    ...typeOfRun(kind),
    metadata: {
      namespace: build.namespace,
      name,
      labels: { ...labels, [buildLabel]: build.name.slice(0, maxLabel).replace(/[^a-zA-Z0-9]+$/, '') },
      annotations: { ...annotations, [causeAnnotation]: describeCause(cause) },
    },
    spec: { ...spec, ...kind.specFor(build.name) },
  };
};
