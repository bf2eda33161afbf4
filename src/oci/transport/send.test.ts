import { describe, expect, it } from 'vitest';
import { anAnswer, answerInTurn, aRequest, never } from '../../../test/fakes/send.ts';
import { type Layer, requestError, stack } from './send.ts';

describe('stack', () => {
  it('puts the first layer outermost', async () => {
    const order: string[] = [];
    const layer =
      (name: string): Layer =>
      (next) =>
      async (request, signal) => {
        order.push(`${name} in`);
        const response = await next(request, signal);
        order.push(`${name} out`);
        return response;
      };
    const send = stack([layer('a'), layer('b')], answerInTurn(anAnswer(200)).send);
    await send(aRequest(), never);
    expect(order).toEqual(['a in', 'b in', 'b out', 'a out']);
  });
});

describe('requestError', () => {
  it('names the method and what was asked for', () => {
    const error = requestError(aRequest({ method: 'HEAD' }), 'timeout', 'no answer in time');
    expect(error.message).toBe('HEAD registry.example/team/app:v1: no answer in time');
    expect(error.code).toBe('timeout');
  });
});
