import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPrograms, type Programs } from '../../../test/fakes/programs.ts';
import { never } from '../../../test/fakes/send.ts';
import { createRunProgram, type RunProgramOptions } from './run-program.ts';

let programs: Programs;
beforeEach(() => {
  programs = createPrograms();
});
afterEach(() => {
  programs.remove();
});

const runner = (options: Partial<RunProgramOptions> = {}) =>
  createRunProgram({ env: programs.env, ...options });

/** Whether the process whose id a script wrote still runs. */
const isRunning = (pidFile: string): boolean => {
  const pid = Number(programs.lines(pidFile)[0]);
  if (!Number.isInteger(pid) || pid <= 0) throw new Error('no process id');
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // An orphan that nobody waits for stays in the table of processes after its end; where there is no /proc, init waits for it.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'));
};

describe('createRunProgram', () => {
  it('gives a program of the PATH its input and answers with its output', async () => {
    programs.add('shout', 'echo "$1 $(cat)"');
    expect(await runner()({ file: 'shout', args: ['a b $(id)'], input: 'in' }, never)).toEqual({
      ok: true,
      exitCode: 0,
      output: 'a b $(id) in\n',
    });
  });

  it('tells how it ended, also when it never read its input', async () => {
    const file = programs.add('fail', 'exec 0<&-; echo no; exit 3');
    expect(await runner()({ file, args: [], input: 'x'.repeat(1_000_000) }, never)).toEqual({
      ok: true,
      exitCode: 3,
      output: 'no\n',
    });
  });

  it('passes on the environment but for our own settings, and what the program is given', async () => {
    programs.add('show', 'echo "$A/$B/$IMAGESTREAMS_DATA_DIR/$NODE_OPTIONS/$npm_config_x"');
    const env = {
      ...programs.env,
      A: '1',
      B: '2',
      IMAGESTREAMS_DATA_DIR: 'd',
      NODE_OPTIONS: '--x',
      npm_config_x: 'x',
    };
    const outcome = await runner({ env })({ file: 'show', args: [], input: '', env: { B: '3' } }, never);
    expect(outcome).toMatchObject({ output: '1/3///\n' });
  });

  it.each([
    ['is missing', () => 'no-such-program', 'it is not installed'],
    ['may not be executed', () => programs.write('plain', 'x'), 'it may not be executed'],
    ['is below a file', () => `${programs.write('plain', 'x')}/program`, 'it cannot be started (ENOTDIR)'],
  ])('says that a program %s', async (_name, file, problem) => {
    expect(await runner()({ file: file(), args: [], input: '' }, never)).toEqual({ ok: false, problem });
  });

  it('ends a program that takes too long, with what it started', async () => {
    const file = programs.add('hang', 'sleep 60 & echo $! >>$DIR/pid; wait');
    expect(await runner({ timeoutMs: 200 })({ file, args: [], input: '' }, never)).toEqual({
      ok: false,
      problem: 'it did not answer within 0.2 s',
    });
    await expect.poll(() => isRunning('pid')).toBe(false);
  });

  it('ends a program that writes without end', async () => {
    const file = programs.add('flood', 'echo $$ >>$DIR/pid; exec yes');
    expect(await runner({ maxOutputBytes: 1_000 })({ file, args: [], input: '' }, never)).toEqual({
      ok: false,
      problem: 'it wrote more than 1000 bytes',
    });
    await expect.poll(() => isRunning('pid')).toBe(false);
  });

  it('ends a program when told to stop', async () => {
    const file = programs.add('hang', 'echo $$ >>$DIR/pid; exec sleep 60');
    const stop = new AbortController();
    const running = runner()({ file, args: [], input: '' }, stop.signal);
    await expect.poll(() => programs.lines('pid').length).toBe(1);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect.poll(() => isRunning('pid')).toBe(false);
  });

  it('does not start a program whose caller has gone while it waited', async () => {
    const hang = programs.add('hang', 'echo $$ >>$DIR/pid; exec sleep 60');
    const file = programs.add('next', 'echo run >>$DIR/log');
    const run = runner({ concurrency: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const hanging = run({ file: hang, args: [], input: '' }, first.signal);
    const waiting = run({ file, args: [], input: '' }, second.signal);
    await expect.poll(() => programs.lines('pid').length).toBe(1);
    const reason = new Error('gone');
    second.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.abort(reason);
    await expect(hanging).rejects.toBe(reason);
    expect(programs.lines('log')).toEqual([]);
    await run({ file, args: [], input: '' }, never);
    expect(programs.lines('log')).toEqual(['run']);
  });

  it('runs so many at a time', async () => {
    const file = programs.add('enter', 'echo in >>$DIR/log; sleep 0.05; echo out >>$DIR/log');
    const run = runner({ concurrency: 1 });
    const program = { file, args: [], input: '' };
    await Promise.all([run(program, never), run(program, never)]);
    expect(programs.lines('log')).toEqual(['in', 'out', 'in', 'out']);
  });
});
