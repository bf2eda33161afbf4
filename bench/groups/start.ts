import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

/** Has a program say in its last line on standard error how many KiB it held at most. `maxRSS` will not do: it counts the process that started it. */
const tellsMemory = `data:text/javascript,${encodeURIComponent(`import fs from 'node:fs';
process.on('exit', () => {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  fs.writeSync(2, '\\n' + /VmHWM:\\s+(\\d+)/.exec(status)[1]);
});`)}`;

type Cost = { readonly ms: number; readonly mebibytes: number };

const runProgram = async (args: readonly string[], signal: AbortSignal): Promise<Cost> => {
  let mebibytes = 0;
  const ms = await timed(async () => {
    const child = spawn(process.execPath, ['--import', tellsMemory, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${errors}`);
    mebibytes = Number(errors.split('\n').at(-1)) / 1024;
  });
  return { ms, mebibytes };
};

/** Both figures of a command line, beside a Node that does nothing. */
const measure = async (bench: Bench, name: string, args: readonly string[]): Promise<void> => {
  const memory: number[] = [];
  const floors: number[] = [];
  const runs = runsOf(bench, 'short');
  const run = async (of: readonly string[], into: number[]): Promise<number> => {
    const cost = await runProgram(of, bench.signal);
    into.push(cost.mebibytes);
    return cost.ms;
  };
  const figures = await inTurns(bench, runs, {
    ours: () => run(args, memory),
    floor: () => run(['-e', '0'], floors),
  });
  bench.row({ name: `start, ${name}`, unit: 'ms', ...figures });
  bench.row({
    name: `start, ${name}, memory`,
    unit: 'MiB',
    values: memory.slice(-runs),
    floors: floors.slice(-runs),
  });
};

/** What it costs to start the command line: it must not load what it does not use. */
export const startGroup: Group = {
  name: 'start',
  run: async (bench) => {
    await measure(bench, '--help', [main, '--help']);
  },
};
