import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';
import { startBenchRegistry } from '../registry/index.ts';
import { startBenchServe } from '../serve.ts';

const root = resolve(import.meta.dirname, '../..');
const source = join(root, 'src/main.ts');

/** The program as it is installed: what Node spends on types of the source is not what users pay. */
const build = async (bench: Bench): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-start-'));
  bench.cleanup(() => rmSync(directory, { recursive: true, force: true }));
  const tsc = join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['--outDir', join(directory, 'dist')], { cwd: root });
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return join(directory, 'dist/main.js');
};

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
    const main = bench.size === 'smoke' ? source : await build(bench);
    await measure(bench, '--help', () => [main, '--help'], maxHelpMemory);
    await measureImport(bench, main);
  },
};
