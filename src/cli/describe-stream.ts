import { importSuccess } from '../api/condition.ts';
import { parseDockerImageReference } from '../api/docker-image-reference.ts';
import type { ImageStream, NamedTagEventList, TagEvent, TagReference } from '../api/image-stream.ts';
import { isHeld, isImportable, isTagPending } from '../api/pending.ts';
import { findTag } from '../api/tag-history.ts';
import { prioritizeTags } from '../api/tag-priority.ts';
import { ago, field, metaFields } from './description.ts';
import { followTag } from './follow-tag.ts';
import { alignTabs } from './tab-writer.ts';

/** A tag to describe: what the spec asks for, what the status has, and the tags of the stream that track it. */
type TagView = {
  readonly name: string;
  readonly spec: TagReference | undefined;
  readonly list: NamedTagEventList | undefined;
  readonly trackedBy: readonly string[];
};

const imageIdentity = (event: TagEvent): string =>
  event.image === '' ? event.dockerImageReference : event.image;

const uniqueImages = (stream: ImageStream): number =>
  new Set((stream.status?.tags ?? []).flatMap(({ items }) => (items ?? []).map(imageIdentity))).size;

const tagNames = (stream: ImageStream): readonly string[] => [
  ...new Set([
    ...(stream.status?.tags ?? []).map(({ tag }) => tag),
    ...(stream.spec?.tags ?? []).map(({ name }) => name),
  ]),
];

const viewsOf = (stream: ImageStream, names: readonly string[]): readonly TagView[] => {
  const targets = new Map(
    (stream.spec?.tags ?? []).flatMap(({ name }) => {
      const followed = followTag(stream, name);
      return followed.kind === 'found' && followed.follows ? [[name, followed.tag] as const] : [];
    }),
  );
  return prioritizeTags(names.filter((name) => !targets.has(name))).map((name) => ({
    name,
    spec: stream.spec?.tags?.find((tag) => tag.name === name),
    list: findTag(stream.status, name),
    trackedBy: prioritizeTags([...targets.keys()].filter((tag) => targets.get(tag) === name)),
  }));
};

/** Where a tag comes from, in the original's words. */
const sourceLine = (spec: TagReference | undefined, namespace: string | undefined): string => {
  if (spec === undefined) return 'no spec tag';
  const { from, reference, importPolicy } = spec;
  if (from === undefined) return 'tag without source image';
  const isForeign = from.namespace !== undefined && from.namespace !== '' && from.namespace !== namespace;
  const name = isForeign ? `${from.namespace}/${from.name ?? ''}` : (from.name ?? '');
  const scheduled = importPolicy?.scheduled === true;
  const kinds: Readonly<Record<string, { readonly reference: string; readonly scheduled: string }>> = {
    ImageStreamTag: { reference: 'reference to', scheduled: 'updates automatically from' },
    DockerImage: { reference: 'reference to registry', scheduled: 'updates automatically from registry' },
    ImageStreamImage: { reference: 'reference to image', scheduled: 'tagged from' },
  };
  const kind = from.kind ?? '';
  const words = kinds[kind];
  if (words === undefined) return `${reference === true ? 'reference to' : 'updates from'} ${kind} ${name}`;
  if (reference === true) return `${words.reference} ${name}`;
  return `${scheduled ? words.scheduled : 'tagged from'} ${name}`;
};

const withSpaces = (list: string): string => list.split(',').join(', ');

const annotationLines = (annotations: Readonly<Record<string, string>>): readonly string[] => {
  const { description = '', tags = '', supports = '', sampleRepo = '' } = annotations;
  return [
    ...(description === '' ? [] : [`  ${description}`]),
    ...(tags === '' ? [] : [`  Tags: ${withSpaces(tags)}`]),
    ...(supports === '' ? [] : [`  Supports: ${withSpaces(supports)}`]),
    ...(sampleRepo === '' ? [] : [`  Example Repo: ${sampleRepo}`]),
  ];
};

/** The generation that the last import, good or bad, answered. */
const observedGeneration = (list: NamedTagEventList | undefined): number => {
  const condition = list?.conditions?.find(({ type }) => type === importSuccess);
  return Math.max(0, list?.items?.[0]?.generation ?? 0, condition?.generation ?? 0);
};

/**
 * Whether the tag's import has not been answered yet. A tag without a generation (the cluster keeps none) waits as long as nothing was
 * observed of it.
 */
const isImporting = (stream: ImageStream, { spec, list }: TagView): boolean => {
  if (spec?.from === undefined || spec.reference === true) return false;
  if (list?.observed !== undefined && isImportable(spec)) return isTagPending(stream, spec);
  return (spec.generation ?? 1) > observedGeneration(list);
};

const failureLines = (list: NamedTagEventList | undefined, nowMs: number): readonly string[] =>
  (list?.conditions ?? [])
    .filter(({ type, status }) => type === importSuccess && status === 'False')
    .flatMap(({ reason = '', message = '', lastTransitionTime }) => [
      `  ! error: Import failed (${reason}): ${message}`,
      `      ${ago(lastTransitionTime, nowMs)}`,
    ]);

const eventLines = (event: TagEvent, index: number, nowMs: number): readonly string[] => {
  const parsed = parseDockerImageReference(event.dockerImageReference);
  const isOtherImage = event.image !== '' && !('error' in parsed) && parsed.id !== event.image;
  return [
    `  ${index === 0 ? '*' : ' '} ${event.dockerImageReference}`,
    `      ${ago(event.created, nowMs)}${isOtherImage ? `\t${event.image}` : ''}`,
  ];
};

/** Says of a tag that was rolled back that it stays where it is, by whose will and since when. */
const heldLines = (stream: ImageStream, { name, list }: TagView, nowMs: number): readonly string[] => {
  if (!isHeld(stream, name)) return [];
  const { by, since } = list?.rollback ?? {};
  const who = by === undefined ? '' : ` by ${by}`;
  return [`    rolled back${who} ${ago(since, nowMs)}, and held until its source has a new image`];
};

const tagBlock = (stream: ImageStream, view: TagView, nowMs: number): string => {
  const { name, spec, list, trackedBy } = view;
  const notes = annotationLines(spec?.annotations ?? {});
  const hasSource = spec?.from !== undefined;
  return [
    trackedBy.length === 0 ? name : `${name} (${trackedBy.join(', ')})`,
    `  ${sourceLine(spec, stream.metadata.namespace)}`,
    ...(hasSource && spec.importPolicy?.insecure === true
      ? ['    will use insecure HTTPS or HTTP connections']
      : []),
    ...(spec?.referencePolicy?.type === 'Local'
      ? ['    prefer registry pullthrough when referencing this tag']
      : []),
    ...heldLines(stream, view, nowMs),
    '',
    ...notes,
    ...(notes.length === 0 ? [] : ['']),
    ...(isImporting(stream, view) ? ['  ~ importing latest image ...'] : []),
    ...failureLines(list, nowMs),
    ...(list?.items ?? []).flatMap((event, index) => eventLines(event, index, nowMs)),
  ]
    .map((line) => `${line}\n`)
    .join('');
};

const tagFields = (stream: ImageStream, nowMs: number): string => {
  const names = tagNames(stream);
  if (names.length === 0) return field('Tags', '');
  return [
    field('Unique Images', String(uniqueImages(stream))),
    field('Tags', String(names.length)),
    '\n',
    viewsOf(stream, names)
      .map((view) => tagBlock(stream, view, nowMs))
      .join('\n'),
  ].join('');
};

/** A stream as `oc describe is` prints it: where its tags come from, what they had, and what went wrong. */
export const describeStream = (stream: ImageStream, nowMs: number): string => {
  const { status } = stream;
  const published = status?.publicDockerImageRepository ?? '';
  return alignTabs(
    [
      metaFields(stream.metadata, nowMs),
      field('Image Repository', published === '' ? (status?.dockerImageRepository ?? '') : published),
      field('Image Lookup', `local=${stream.spec?.lookupPolicy?.local === true}`),
      tagFields(stream, nowMs),
    ].join(''),
  );
};
