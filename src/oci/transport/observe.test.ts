import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { anAnswer, aRequest, createFakeSend, never } from '../../../test/fakes/send.ts';
import { RegistryError } from '../errors.ts';
import { observe, type RequestEvent } from './observe.ts';

const watch = async (
  handle: () => Promise<ReturnType<typeof anAnswer>>,
): Promise<readonly RequestEvent[]> => {
  const clock = createManualClock();
  const events: RequestEvent[] = [];
  const fake = createFakeSend(async () => {
    await clock.sleep(40, never);
    return handle();
  });
  const own: RequestEvent[] = [];
  const access = { ...aRequest().access, onRequest: (event: RequestEvent) => void own.push(event) };
  const request = aRequest({ operation: 'tags', credential: 'secret ns/pull', access });
  const answer = observe((event) => events.push(event), clock)(fake.send)(request, never);
  const settled = answer.then(
    () => undefined,
    () => undefined,
  );
  await clock.advance(40);
  await settled;
  // Who asked hears the same as everybody else.
  expect(own).toEqual(events);
  return events;
};

const labels = {
  registry: 'registry.example',
  host: 'registry.example',
  credential: 'secret ns/pull',
  method: 'GET',
  operation: 'tags',
  durationMs: 40,
};

describe('observe', () => {
  it('reports an answer with its status and how long it took', async () => {
    expect(await watch(async () => anAnswer(404))).toEqual([
      { ...labels, outcome: { kind: 'answered', status: 404 } },
    ]);
  });

  it('reports a failure by its code', async () => {
    const failing = async () => Promise.reject(new RegistryError('timeout', 'no answer'));
    expect(await watch(failing)).toEqual([{ ...labels, outcome: { kind: 'failed', code: 'timeout' } }]);
  });

  it('tells being stopped from failing', async () => {
    const stopped = async () => Promise.reject(new Error('told to stop'));
    expect(await watch(stopped)).toEqual([{ ...labels, outcome: { kind: 'aborted' } }]);
  });
});
