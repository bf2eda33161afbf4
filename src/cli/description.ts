import type { ObjectMetaInput } from '../api/meta.ts';
import { approximateDuration } from '../lib/human-duration.ts';

/** The pieces that descriptions are made of: `Label:` and a value behind a tab, in the words of `oc describe`. */

const orNone = (value: string): string => (value === '' ? '<none>' : value);

/** `Label:` and the value; each further line of the value stands below the first. */
export const field = (label: string, value: string): string =>
  `${label}:${orNone(value)
    .split('\n')
    .map((line) => `\t${line}\n`)
    .join('')}`;

/** `Label:` and a list, one item a line; nothing at all for an empty one. */
export const listField = (label: string, values: readonly string[]): string =>
  values.length === 0 ? '' : field(label, values.join('\n'));

/** `Label:` and `key=value` lines in order of the keys. */
export const mapField = (label: string, map: Readonly<Record<string, string>> | undefined): string =>
  field(
    label,
    Object.entries(map ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
  );

/** Go's longest duration: what the original subtracts from a time that was never set. */
const longestMs = (2 ** 63 - 1) / 1e6;

/** `3 minutes ago`, in docker's words; a time that is absent is as long ago as Go can tell. */
export const ago = (time: string | null | undefined, nowMs: number): string => {
  const parsedMs = time === undefined || time === null ? Number.NaN : Date.parse(time);
  return `${approximateDuration(Number.isNaN(parsedMs) ? longestMs : nowMs - parsedMs)} ago`;
};

/** Annotations, of which `description` has a line of its own. */
export const annotationFields = (annotations: Readonly<Record<string, string>> | undefined): string => {
  const { description, ...others } = annotations ?? {};
  return [
    description === undefined || description === '' ? '' : field('Description', description),
    mapField('Annotations', others),
  ].join('');
};

/** Name, namespace, age, labels and annotations. */
export const metaFields = (meta: ObjectMetaInput, nowMs: number): string =>
  [
    field('Name', meta.name ?? ''),
    meta.namespace === undefined || meta.namespace === '' ? '' : field('Namespace', meta.namespace),
    meta.creationTimestamp === undefined || meta.creationTimestamp === null
      ? ''
      : field('Created', ago(meta.creationTimestamp, nowMs)),
    mapField('Labels', meta.labels),
    annotationFields(meta.annotations),
  ].join('');
