import Type from 'typebox';
import { type KubernetesObject, objectSchema } from './meta.ts';
import { int64, listByKey, mapOf, time, type Value } from './schema.ts';

/** An event that a sink refused for good, and that waits for a person to send it again or to drop it. */
export const ParkedEventSchema = Type.Object({
  id: Type.String({ description: "The event's id." }),
  tag: Type.String(),
  revision: int64(),
  at: time({ description: 'When it was given up.' }),
  problem: Type.String({ description: 'What the sink said.' }),
  event: Type.String({ description: 'The event, as JSON.' }),
  resume: Type.Optional(Type.Boolean({ description: 'Write true to have it sent again.' })),
});
export type ParkedEvent = Value<typeof ParkedEventSchema>;

/** How far one sink has been told of one stream. */
export const SinkCursorSchema = Type.Object({
  name: Type.String({ description: 'The sink, such as cloudevents.', minLength: 1, maxLength: 253 }),
  tags: Type.Optional(
    mapOf(int64(), {
      description: 'By tag: the last revision that was published. A tag that is here alone was deleted.',
    }),
  ),
  parked: Type.Optional(listByKey(ParkedEventSchema, ['id'])),
});
export type SinkCursor = Value<typeof SinkCursorSchema>;

/**
 * How far the sinks of change events have been told of one stream: the history is the outbox, this is the place in it. Named by the
 * stream's uid, because a stream made anew under the same name starts over while the end of the first may not be told yet; owned by nobody,
 * because it outlives its stream until that end is told. For the program itself, not for users.
 */
export const ChangeCursorSchema = objectSchema(
  'ChangeCursor',
  'How far the sinks of change events have been told of one stream. Written by the controller alone.',
  {
    stream: Type.Object({
      name: Type.String({ description: 'The stream.' }),
      uid: Type.String({ description: 'Its uid, which is also the name of this object.' }),
    }),
    sinks: Type.Optional(listByKey(SinkCursorSchema, ['name'])),
  },
);
export type ChangeCursor = KubernetesObject &
  Omit<Value<typeof ChangeCursorSchema>, 'apiVersion' | 'kind' | 'metadata'>;
