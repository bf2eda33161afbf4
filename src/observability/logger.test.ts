import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

const recording = () => {
  const lines: string[] = [];
  return { lines, destination: { write: (line: string) => void lines.push(line) } };
};

describe('createLogger', () => {
  it('writes JSON lines without credentials', () => {
    const { lines, destination } = recording();
    const logger = createLogger({ level: 'info', format: 'json', destination });
    logger.info({ token: 't0k', request: { authorization: 'Basic abc' }, registry: 'quay.io' }, 'asked');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'asked',
      registry: 'quay.io',
      token: '[redacted]',
    });
    expect(lines.join('')).not.toMatch(/t0k|Basic abc/);
  });

  it('leaves out what is below its level', () => {
    const { lines, destination } = recording();
    createLogger({ level: 'warn', format: 'json', destination }).info({}, 'quiet');
    expect(lines).toEqual([]);
  });

  it('writes readable lines for a terminal', () => {
    const { lines, destination } = recording();
    createLogger({ level: 'info', format: 'pretty', destination }).info({ tag: 'v1' }, 'imported');
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: imported \{"tag":"v1"\}\n$/);
  });
});
