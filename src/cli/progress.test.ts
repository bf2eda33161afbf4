import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { withProgress } from './progress.ts';

const screen = (isTTY: boolean) => {
  const texts: string[] = [];
  return { isTTY, texts, write: (text: string) => texts.push(text) };
};

describe('withProgress', () => {
  it('shows how long the work has been going on, and leaves a clean line', async () => {
    const [out, clock] = [screen(true), createManualClock()];
    const result = await withProgress(out, clock, 'importing', async () => {
      await clock.advance(2450);
      return 'done';
    });
    expect(result).toBe('done');
    expect(out.texts.some((text) => text.endsWith(' importing 2s'))).toBe(true);
    expect(out.texts.at(-1)).toBe('\r\u001B[2K');
  });

  it('shows nothing for work that is done at once', async () => {
    const [out, clock] = [screen(true), createManualClock()];
    await withProgress(out, clock, 'importing', () => clock.advance(300));
    expect(out.texts).toEqual(['\r\u001B[2K']);
  });

  it('writes nothing where it is no terminal', async () => {
    const [out, clock] = [screen(false), createManualClock()];
    await withProgress(out, clock, 'importing', () => clock.advance(5000));
    expect(out.texts).toEqual([]);
  });

  it('cleans up and rejects as the work does', async () => {
    const [out, clock] = [screen(true), createManualClock()];
    const work = async (): Promise<never> => {
      await clock.advance(1000);
      throw new Error('broken');
    };
    await expect(withProgress(out, clock, 'importing', work)).rejects.toThrow('broken');
    expect(out.texts.at(-1)).toBe('\r\u001B[2K');
    expect(clock.sleeping()).toBe(0);
  });
});
