import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import type { Event } from '../../api/core.ts';
import { formatFieldError } from '../../api/field-error.ts';
import { eventStrategy } from './event.ts';

const now = Date.parse('2026-01-01T00:10:00Z');

const anEvent = (parts: Partial<Event> = {}): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'ns' },
  involvedObject: { kind: 'ImageStream', namespace: 'ns', name: 'app' },
  ...parts,
});

const cellsOf = (event: Event): readonly unknown[] =>
  eventStrategy.columns.map((column) => column.cell(event, now));

describe('printing an Event', () => {
  it('prints an event of the old form as kubectl does', () => {
    const event = anEvent({
      type: 'Normal',
      reason: 'Moved',
      message: ' tag v1 moved \n',
      source: { component: 'imagestreams', host: 'node1' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:09:00Z',
      count: 3,
    });
    const cells = [
      '60s',
      'Normal',
      'Moved',
      'imagestream/app',
      '',
      'imagestreams, node1',
      'tag v1 moved',
      '10m',
      3,
      'e',
    ];
    expect(cellsOf(event)).toEqual(cells);
    expect(eventStrategy.columns.filter(({ priority }) => priority === 0).map(({ name }) => name)).toEqual([
      'Last Seen',
      'Type',
      'Reason',
      'Object',
      'Message',
    ]);
  });

  it('reads times, count and source of the new form', () => {
    const event = anEvent({
      eventTime: '2026-01-01T00:08:00.000000Z',
      reportingComponent: 'imagestreams.dev/controller',
      reportingInstance: 'host-1',
      series: { count: 5, lastObservedTime: '2026-01-01T00:09:30.000000Z' },
      involvedObject: { kind: 'Node', namespace: 'ns' },
    });
    expect(cellsOf(event)).toEqual([
      '30s',
      '',
      '',
      'node',
      '',
      'imagestreams.dev/controller, host-1',
      '',
      '2m',
      5,
      'e',
    ]);
  });

  it('counts an event without a count once', () => {
    expect(cellsOf(anEvent({ count: 0 }))[8]).toBe(1);
  });
});

describe('validating an Event', () => {
  const problems = async (event: Event): Promise<readonly string[]> =>
    ((await eventStrategy.validate?.(event, aRestContext())) ?? []).map(formatFieldError);

  it('demands that it lives where its object lives', async () => {
    expect(await problems(anEvent())).toEqual([]);
    expect(await problems(anEvent({ metadata: { name: 'e', namespace: 'other' } }))).toEqual([
      'involvedObject.namespace: Invalid value: "ns": does not match event.namespace',
    ]);
  });

  it('keeps events of objects without a namespace in the default one', async () => {
    const involvedObject = { kind: 'Image', name: 'sha256:1' };
    expect(
      await problems(anEvent({ involvedObject, metadata: { name: 'e', namespace: 'default' } })),
    ).toEqual([]);
    expect(await problems(anEvent({ involvedObject }))).toHaveLength(1);
  });
});
