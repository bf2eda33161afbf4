import { importSuccess } from '../../api/condition.ts';
import type { TagEvent } from '../../api/image-stream.ts';
import { parseImageStreamImageName, parseImageStreamTagName } from '../../api/image-stream-names.ts';
import type { ImageTag } from '../../api/image-stream-tag.ts';
import type { ObjectReference } from '../../api/meta.ts';
import type { Column } from '../rest-storage.ts';
import { formatAgo, nameColumn } from './columns.ts';

/** What a spec tag follows, as shown while it has no image; `problem` where that cannot be said. */
const describeSource = (
  from: ObjectReference,
): { readonly source: string } | { readonly problem: string } => {
  const name = from.name ?? '';
  switch (from.kind) {
    case 'DockerImage':
      return { source: name };
    case 'ImageStreamImage': {
      const parts = parseImageStreamImageName(name);
      return parts === undefined ? { problem: 'InvalidRefName' } : { source: `image/${parts.id}` };
    }
    case 'ImageStreamTag':
      return {
        source:
          from.namespace === undefined || from.namespace === ''
            ? `istag/${name}`
            : `istag ${from.namespace}/${name}`,
      };
    case undefined:
    default:
      return { problem: 'InvalidRefKind' };
  }
};

const specGeneration = (tag: ImageTag): number => tag.spec?.generation ?? 0;

/** An import is asked for and has not been seen yet. */
const isImporting = (tag: ImageTag, event: TagEvent): boolean =>
  event.generation > 0 && event.generation < specGeneration(tag);

/** A tag of the same stream, followed as long as both exist. */
const isTracking = (tag: ImageTag): boolean =>
  tag.spec?.from?.kind === 'ImageStreamTag' &&
  parseImageStreamTagName(tag.spec.from.name ?? '') === undefined;

const describeEvent = (event: TagEvent): string =>
  event.image === '' ? event.dockerImageReference : `image/${event.image}`;

/** How the tag comes by its images: `Tag`, `Ref`, `Scheduled`, `Track`, `Push`, or empty. */
const formatSpec = (tag: ImageTag): string => {
  const event = tag.status?.items?.[0];
  if (tag.spec?.from === undefined) return event === undefined || describeEvent(event) === '' ? '' : 'Push';
  if (isTracking(tag)) return 'Track';
  // An event newer than the spec: someone pushed over what the spec asks for.
  if (event !== undefined && specGeneration(tag) > 0 && event.generation > specGeneration(tag)) return 'Push';
  if (tag.spec.importPolicy?.scheduled === true) return 'Scheduled';
  return tag.spec.reference === true ? 'Ref' : 'Tag';
};

const formatStatus = (tag: ImageTag): string => {
  const failed = tag.status?.conditions?.findLast(
    (condition) => condition.type === importSuccess && condition.status === 'False',
  );
  if (failed !== undefined) return `ImportFailed (${failed.reason ?? ''})`;
  const event = tag.status?.items?.[0];
  if (event !== undefined && isImporting(tag, event)) return 'Importing';
  const described = tag.spec?.from === undefined ? undefined : describeSource(tag.spec.from);
  if (described !== undefined && 'problem' in described) return described.problem;
  const current = event === undefined ? '' : describeEvent(event);
  return current === '' ? (described?.source ?? '') : current;
};

const lastChange = (tag: ImageTag): string | undefined =>
  [
    tag.status?.items?.[0]?.created,
    ...(tag.status?.conditions ?? []).map((condition) => condition.lastTransitionTime),
  ]
    .filter((time) => time !== undefined && time !== null)
    .toSorted()
    .at(-1);

/** NAME, SPEC, STATUS, HISTORY, UPDATED. */
export const imageTagColumns: readonly Column<ImageTag>[] = [
  nameColumn,
  {
    name: 'Spec',
    type: 'string',
    description: 'How the tag comes by its images.',
    priority: 0,
    cell: formatSpec,
  },
  {
    name: 'Status',
    type: 'string',
    description: 'The image that the tag points at, or why there is none.',
    priority: 0,
    cell: formatStatus,
  },
  {
    name: 'History',
    type: 'number',
    description: 'Number of history entries.',
    priority: 0,
    cell: ({ status }) => {
      const count = status?.items?.length ?? 0;
      return count === 0 ? null : count;
    },
  },
  {
    name: 'Updated',
    type: 'string',
    description: 'Last updated at.',
    priority: 0,
    cell: (tag, now) => formatAgo(lastChange(tag), now),
  },
];
