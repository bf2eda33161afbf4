import { type ConfigMap, configMaps } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { createInformer, keyOf, type Lister, type OnRuntime, type Source } from '../runtime/index.ts';
import type { ObjectKey, Store } from '../store/store.ts';

/** Name of the ConfigMap that pauses everything for as long as it is there; what stands in it under `reason` is told to whoever asks why. */
export const pauseName = 'imagestreams-pause';

/** The switch that leaves every stream alone, as if each were suspended. */
export type Pause = {
  readonly sources: readonly Source[];
  /** Why everything is paused, as a sentence; undefined: it is not. */
  readonly reason: () => string | undefined;
  /** Told when the pause begins or ends. */
  readonly onChange: (handler: (isPaused: boolean) => void) => void;
};

/** For who has no such switch. */
const noPause: Pause = { sources: [], reason: () => undefined, onChange: () => undefined };

type PausePorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
};

/**
 * Watches for the ConfigMap in a namespace; undefined: there is no switch. It is an object because that outlives restarts and holds for
 * all replicas, and because whoever may write in that namespace can make and delete it by hand.
 */
export const createPause = (ports: PausePorts, namespace: string | undefined): Pause => {
  if (namespace === undefined) return noPause;
  const selection = {
    namespace,
    fields: [{ path: 'metadata.name', operator: '=', value: pauseName } as const],
  };
  const found = createInformer<ConfigMap>({ ...ports, resource: configMaps, selection });
  const reason = (): string | undefined => {
    const order = found.get({ namespace, name: pauseName });
    if (order === undefined) return undefined;
    const why = order.data?.['reason'] ?? '';
    const said = why === '' ? '' : ` (${why})`;
    return `the ConfigMap ${namespace}/${pauseName} pauses everything${said}: nothing is refreshed or tried again until it is deleted`;
  };
  const onChange: Pause['onChange'] = (handler) =>
    found.onChange((old, current) => {
      if ((old === undefined) !== (current === undefined)) handler(current !== undefined);
    });
  onChange((isPaused) => {
    if (isPaused) ports.logger.warn({ reason: reason() }, 'everything is paused');
    else ports.logger.info({}, 'the pause is over');
  });
  return { sources: [found], reason, onChange };
};

/** At the end of a pause every stream is looked at: what had failed has its turns again, spread as after a start. */
export const resumeAfterPause = (
  { onChange }: Pause,
  streams: Lister<Stored<ImageStream>>,
  enqueue: (key: ObjectKey) => void,
): void =>
  onChange((isPaused) => {
    if (!isPaused) for (const stream of streams.list()) enqueue(keyOf(stream));
  });
