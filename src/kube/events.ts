import { type KubernetesObject, type ObjectReference, objectSchema } from '../api/meta.ts';
import { defineResource } from '../api/resource.ts';
import { openObject } from '../api/schema.ts';
import type { Clock } from '../lib/clock.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

type EventObject = KubernetesObject & {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly regarding: ObjectReference;
  readonly note: string;
  readonly type: string;
};

/** @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const clusterEvents = defineResource<EventObject>({
  group: 'events.k8s.io',
  plural: 'events',
  kind: 'Event',
  schema: objectSchema('Event', 'Something that happened to an object.', { regarding: openObject() }),
});

/** Something to tell the user beside an object. */
export type ClusterNote = {
  /** Equal ids are the same Event: it is written once. */
  readonly id: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: ObjectReference;
};

export type EventRecorderOptions = {
  readonly store: Store;
  readonly clock: Clock;
  /** Which of the replicas reports. */
  readonly instance: string;
};

const controller = 'imagestreams.dev/controller';
/** Limits of the API: bytes of a note, characters of the name of an instance and of an object. */
const maxNoteLength = 1024;
const maxInstanceLength = 128;
const idLength = 16;
const maxNameLength = 253 - 1 - idLength;

/** Cuts a text to so many bytes of UTF-8, between characters. */
const cut = (text: string, bytes: number): string =>
  Buffer.byteLength(text) <= bytes
    ? text
    : new TextDecoder().decode(Buffer.from(text).subarray(0, bytes - 3)).replace(/\uFFFD+$/u, '');

/** Writes Events of `events.k8s.io/v1` under names that follow from their ids; false when the Event was there already. */
export const createClusterEventRecorder =
  ({ store, clock, instance }: EventRecorderOptions) =>
  async (
    { id, type, reason, message, involvedObject }: ClusterNote,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const event: EventObject = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        name: `${(involvedObject.name ?? '').slice(0, maxNameLength)}.${id.slice(0, idLength)}`,
        namespace: involvedObject.namespace ?? 'default',
      },
      eventTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      reportingController: controller,
      reportingInstance: instance.slice(-maxInstanceLength),
      action: reason,
      reason,
      regarding: involvedObject,
      note: cut(message, maxNoteLength),
      type,
    };
    try {
      await store.create(clusterEvents, event, {}, signal);
      return true;
    } catch (error) {
      if (isStoreError(error, 'already-exists')) return false;
      throw error;
    }
  };
