import type { ImageStream, NamedTagEventList } from '../../api/image-stream.ts';
import type { Column } from '../rest-storage.ts';
import { formatAgo, nameColumn } from './columns.ts';

/** Characters that the Tags column aims for. */
const tagsWidth = 40;

const createdSeconds = (tag: NamedTagEventList): number => {
  const created = tag.items?.[0]?.created;
  return created === undefined || created === null
    ? Number.NEGATIVE_INFINITY
    : Math.floor(Date.parse(created) / 1000);
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Newest event first, to the second; then by name. */
const newestFirst = (a: NamedTagEventList, b: NamedTagEventList): number => {
  const [aSeconds, bSeconds] = [createdSeconds(a), createdSeconds(b)];
  return aSeconds === bSeconds ? compareText(a.tag, b.tag) : bSeconds - aSeconds;
};

/**
 * How many of `names` are shown: as many as fit with their commas, at least one, and one more where that makes the edges of a column
 * less ragged (over a quarter of the width would stay empty, and the name sticks out by no more than a quarter).
 */
const countThatFits = (names: readonly string[], width: number): number => {
  const margin = width / 4;
  let room = width;
  for (const [index, name] of names.entries()) {
    const left = room;
    room -= name.length + 1;
    const evensOut = left - 1 > margin && -room <= margin;
    if (room < 0 && !evensOut) return Math.max(1, index);
  }
  return names.length;
};

/** The tags of a stream, newest first: `v2,v1 + 40 more...` (openshift-semantics §1.9). */
export const formatTags = (tags: readonly NamedTagEventList[]): string => {
  const names = tags.toSorted(newestFirst).map(({ tag }) => tag);
  const shown = names.slice(0, countThatFits(names, tagsWidth));
  const hidden = names.length - shown.length;
  return hidden === 0 ? shown.join(',') : `${shown.join(',')} + ${hidden} more...`;
};

const newestEvent = (tags: readonly NamedTagEventList[]): string | undefined =>
  tags
    .map((tag) => tag.items?.[0]?.created)
    .filter((created) => created !== undefined && created !== null)
    .toSorted()
    .at(-1);

/** NAME, IMAGE REPOSITORY, TAGS, UPDATED. */
export const imageStreamColumns: readonly Column<ImageStream>[] = [
  nameColumn,
  {
    name: 'Image Repository',
    type: 'string',
    description: 'Where the images of this stream can be pulled from.',
    priority: 0,
    cell: ({ spec, status }) =>
      [status?.publicDockerImageRepository, spec?.dockerImageRepository, status?.dockerImageRepository].find(
        (repository) => repository !== undefined && repository !== '',
      ) ?? '',
  },
  {
    name: 'Tags',
    type: 'string',
    description: 'Human readable list of tags.',
    priority: 0,
    cell: ({ status }) => formatTags(status?.tags ?? []),
  },
  {
    name: 'Updated',
    type: 'string',
    description: 'Last update time.',
    priority: 0,
    cell: ({ status }, now) => formatAgo(newestEvent(status?.tags ?? []), now),
  },
];
