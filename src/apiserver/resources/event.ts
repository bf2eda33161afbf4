import { type Event, events } from '../../api/core.ts';
import { type FieldError, invalid, rootPath } from '../../api/field-error.ts';
import type { Column } from '../rest-storage.ts';
import type { Strategy } from '../strategy.ts';
import { formatAge, nameColumn } from './columns.ts';
import { validateNamespacedMeta } from './object-rules.ts';
import { withoutGeneration } from './without-generation.ts';

/** The part of `series` that is shown; the object is kept as it comes. */
const seriesOf = ({ series }: Event): { readonly count?: number; readonly lastObservedTime?: string } => {
  const { count, lastObservedTime } = series ?? {};
  return {
    ...(typeof count === 'number' ? { count } : {}),
    ...(typeof lastObservedTime === 'string' ? { lastObservedTime } : {}),
  };
};

const firstSeen = (event: Event): string | null | undefined => event.firstTimestamp ?? event.eventTime;

const lastSeen = (event: Event): string | null | undefined =>
  seriesOf(event).lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);

const countOf = (event: Event): number => {
  const count = seriesOf(event).count ?? event.count ?? 0;
  return count === 0 ? 1 : count;
};

const sourceOf = ({ source, reportingComponent, reportingInstance }: Event): string =>
  [source?.component ?? reportingComponent, source?.host ?? reportingInstance]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');

const objectOf = ({ involvedObject: { kind = '', name = '' } }: Event): string =>
  name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;

const column = (
  name: string,
  priority: 0 | 1,
  description: string,
  cell: Column<Event>['cell'],
): Column<Event> => ({ name, type: name === 'Count' ? 'integer' : 'string', description, priority, cell });

/** @see kubernetes/pkg/apis/core/validation/events.go */
const validateNamespace = ({ metadata, involvedObject }: Event): readonly FieldError[] => {
  const path = rootPath.child('involvedObject').child('namespace');
  const namespace = involvedObject.namespace ?? '';
  // Events of objects without a namespace live in the default one.
  const expected = namespace === '' ? 'default' : namespace;
  const allowed = namespace === '' ? ['default', 'kube-system'] : [namespace];
  return allowed.includes(metadata.namespace ?? expected)
    ? []
    : [invalid(path, namespace, 'does not match event.namespace')];
};

/** Fields that Kubernetes never leaves out; clients of newer events read them. */
const unsaid = { eventTime: null, reportingComponent: '', reportingInstance: '' };

/** Events of the core group, printed as `kubectl get events` prints them. */
export const eventStrategy: Strategy<Event> = {
  resource: events,
  columns: [
    column('Last Seen', 0, 'When it was seen last.', (event, now) => formatAge(lastSeen(event), now)),
    column('Type', 0, 'Normal or Warning.', ({ type }) => type ?? ''),
    column('Reason', 0, 'Why, in one word.', ({ reason }) => reason ?? ''),
    column('Object', 0, 'The object that the event is about.', objectOf),
    column(
      'Subobject',
      1,
      'The part of that object.',
      ({ involvedObject }) => involvedObject.fieldPath ?? '',
    ),
    column('Source', 1, 'Who reports it.', sourceOf),
    column('Message', 0, 'What happened.', ({ message }) => (message ?? '').trim()),
    column('First Seen', 1, 'When it was seen first.', (event, now) => formatAge(firstSeen(event), now)),
    column('Count', 1, 'How often it was seen.', countOf),
    { ...nameColumn, priority: 1 },
  ],
  validate: (event) => [...validateNamespacedMeta(event), ...validateNamespace(event)],
  validateUpdate: (event) => [...validateNamespacedMeta(event), ...validateNamespace(event)],
  decorate: (event) => ({ ...unsaid, ...withoutGeneration(event) }) as Event,
};
