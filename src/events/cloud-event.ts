import type { ChangeEvent } from '../api/change-event.ts';

const types: Readonly<Record<ChangeEvent['type'], string>> = {
  TagCreated: 'dev.imagestreams.tag.created',
  TagMoved: 'dev.imagestreams.tag.moved',
  TagDeleted: 'dev.imagestreams.tag.deleted',
  ImportFailed: 'dev.imagestreams.import.failed',
  ImportRecovered: 'dev.imagestreams.import.recovered',
  Gap: 'dev.imagestreams.gap',
};

/**
 * A change as a CloudEvent 1.0 in structured mode. `partitionkey` names what the order holds for.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudEventOf = (event: ChangeEvent): Readonly<Record<string, unknown>> => {
  const { namespace, stream, tag } = event;
  return {
    specversion: '1.0',
    id: event.id,
    source: `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams/${stream}`,
    type: types[event.type],
    ...(tag === '' ? {} : { subject: tag }),
    time: event.time,
    partitionkey: `${namespace}/${stream}:${tag}`,
    datacontenttype: 'application/json',
    data: event,
  };
};
