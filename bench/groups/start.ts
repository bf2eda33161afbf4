import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';
import { builtProgram } from '../built-program.ts';
import { startBenchRegistry } from '../registry/index.ts';
import { startBenchServe } from '../serve.ts';

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
const measure = async (
  bench: Bench,
  name: string,
  argsOf: () => readonly string[],
  maxMemoryRatio?: number,
): Promise<void> => {
  const memory: number[] = [];
  const floors: number[] = [];
  const runs = runsOf(bench, 'short');
  const run = async (of: readonly string[], into: number[]): Promise<number> => {
    const cost = await runProgram(of, bench.signal);
    into.push(cost.mebibytes);
    return cost.ms;
  };
  const figures = await inTurns(bench, runs, {
    ours: () => run(argsOf(), memory),
    floor: () => run(['-e', '0'], floors),
  });
  bench.row({ name: `start, ${name}`, unit: 'ms', ...figures });
  bench.row({
    name: `start, ${name}, memory`,
    unit: 'MiB',
    values: memory.slice(-runs),
    floors: floors.slice(-runs),
    ...(maxMemoryRatio === undefined || bench.size === 'smoke' ? {} : { target: maxMemoryRatio }),
  });
};

/** Times the memory of a Node that does nothing: what loads a parser or a server for its help has more. */
const maxHelpMemory = 1.5;

/** A command line that has a server import one tag into a new stream. */
const measureImport = async (bench: Bench, main: string): Promise<void> => {
  const registry = await startBenchRegistry(bench);
  const { kubeconfig } = await startBenchServe(bench, []);
  let count = 0;
  await measure(bench, 'import-image of a new tag', () => {
    count += 1;
    const from = `--from=${registry.host}/app${count}:v1`;
    return [main, 'import-image', `app${count}`, from, '--confirm', '--insecure', '--kubeconfig', kubeconfig];
  });
};

/** What it costs to start the command line: it must not load what it does not use. */
export const startGroup: Group = {
  name: 'start',
  run: async (bench) => {
    const main = await builtProgram(bench);
    await measure(bench, '--help', () => [main, '--help'], maxHelpMemory);
    await measureImport(bench, main);
  },
};
