import type { ChangeCursor } from '../api/change-cursor.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import type { ToldRevision } from '../api/object-budget.ts';
import { changeCursors } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { Informer, type OnRuntime, type Source } from '../runtime/index.ts';
import type { Store } from '../store/store.ts';
import type { EventSink, SinkEvent, StreamIdentity } from './ports.ts';
import { SinkPublisher } from './sink-publisher.ts';

export type SinkPublishersOptions = {
  readonly store: Store;
  readonly sinks?: readonly EventSink[] | undefined;
  readonly streams: Informer<ImageStream>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
  readonly onSink?: ((event: SinkEvent) => void) | undefined;
};

/** The sinks of which somebody wants parked events sent again; all that is kept of a cursor here. */
const projectResumed = ({ metadata, stream, sinks = [] }: Stored<ChangeCursor>) => ({
  stream: { ...stream, namespace: metadata.namespace ?? '' } satisfies StreamIdentity,
  resumed: sinks
    .filter(({ parked }) => parked?.some(({ resume }) => resume === true))
    .map(({ name }) => name),
});

/** A publisher for each sink, and what they watch beside the streams. */
export const createSinkPublishers = (
  options: SinkPublishersOptions,
): {
  readonly publishers: readonly SinkPublisher[];
  readonly sources: readonly Source[];
  /** What the slowest of them was told. */
  readonly toldRevision: ToldRevision;
} => {
  const { sinks = [], streams, onSink = () => undefined } = options;
  const publishers = sinks.map(
    (sink) => new SinkPublisher({ ...options, sink, onSink, hasSynced: () => streams.hasSynced }),
  );
  for (const publisher of publishers) streams.onChange(publisher.onChange);
  const toldRevision: ToldRevision = (uid, tag) =>
    Math.min(Number.POSITIVE_INFINITY, ...publishers.map((publisher) => publisher.toldRevision(uid, tag)));
  if (!sinks.some((sink) => 'resume' in sink)) return { publishers, sources: [], toldRevision };
  const cursors = new Informer({ ...options, resource: changeCursors, project: projectResumed });
  cursors.onChange((_old, current) => {
    if (current === undefined) return;
    for (const publisher of publishers)
      if (current.resumed.includes(publisher.name)) publisher.resume(current.stream);
  });
  return { publishers, sources: [cursors], toldRevision };
};
