import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { normalizeResult } from './normalize.ts';
import { type Group, type Result, type Row, rowId } from './row.ts';

/** Where commands run. */
type Place = {
  readonly kubeconfig: string;
  /** Takes kubectl's caches. */
  readonly home: string;
  /** Current folder, with the files of the group. */
  readonly folder: string;
};

const timeoutMs = 20_000;

const environmentOf = ({ kubeconfig, home }: Place, row: Row): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  KUBECONFIG: kubeconfig,
  TZ: 'UTC',
  LC_ALL: 'C.UTF-8',
  GOGC: 'off', // short-lived processes: a third less work
  ...row.env,
});

/** kubectl says so at this verbosity once the answer to its watch begins. */
const isWatching = (stderr: string): boolean => /GET \S+[?&]watch=true\S* 200/.test(stderr);

const runRow = (row: Row, place: Place): Promise<Result> =>
  new Promise((resolve, reject) => {
    const watches = row.during !== undefined;
    const command = watches ? `${row.run} -v=6` : row.run;
    const options = { cwd: place.folder, env: environmentOf(place, row), detached: true };
    const child = spawn('sh', ['-c', command], options);
    /** The shell and what it started: a process group of their own. */
    const kill = (signal: NodeJS.Signals): void => {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    };
    let [stdout, stderr] = ['', ''];
    let [stopped, begun] = [false, false];
    const stop = (): void => {
      stopped = true;
      kill('SIGTERM');
    };
    const timer = setTimeout(() => kill('SIGKILL'), timeoutMs);
    const look = (): void => {
      if (row.lines !== undefined && stdout.split('\n').length > row.lines) stop();
      if (begun || !isWatching(stderr)) return;
      begun = true;
      makeChanges(row.during ?? [], place).catch((error: unknown) => {
        stderr += `${String(error)}\n`;
        kill('SIGKILL');
      });
    };
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      look();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
      if (watches) look();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: stopped ? null : (code ?? -1), stdout, stderr });
    });
    child.stdin.end(row.input ?? '');
  });

const makeChanges = async (commands: readonly string[], place: Place): Promise<void> => {
  for (const run of commands) {
    const { code, stderr } = await runRow({ run }, place);
    if (code !== 0) throw new Error(`${run}: ${stderr}`);
  }
};

type Kubeconfig = { readonly contexts: readonly { readonly context: object; readonly name: string }[] };

/** The same kubeconfig with another namespace to begin with: the commands name none. */
const inNamespace = (text: string, namespace: string): string => {
  const config = parse(text) as Kubeconfig;
  const contexts = config.contexts.map((entry) => ({ ...entry, context: { ...entry.context, namespace } }));
  return stringify({ ...config, contexts });
};

const runGroup = async (
  group: Group,
  kubeconfig: string,
  home: string,
): Promise<readonly (readonly [string, Result])[]> => {
  const folder = join(home, 'work', group.name);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(group.files ?? {})) writeFileSync(join(folder, name), text);
  const place: Place = { kubeconfig: join(folder, '..', `${group.name}.kubeconfig`), home, folder };
  writeFileSync(place.kubeconfig, inNamespace(readFileSync(kubeconfig, 'utf8'), group.name), { mode: 0o600 });
  await makeChanges([`kubectl create namespace ${group.name}`], place);
  const results: (readonly [string, Result])[] = [];
  for (const [index, row] of group.rows.entries()) {
    results.push([rowId(group, index), normalizeResult(await runRow(row, place), row)]);
  }
  return results;
};

/** Runs every command line against one server; answers by {@link rowId}. `width` groups run at a time. */
export const runTable = async (
  groups: readonly Group[],
  kubeconfig: string,
  width = 3,
): Promise<ReadonlyMap<string, Result>> => {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-table-'));
  const waiting = [...groups];
  const results: (readonly [string, Result])[] = [];
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      results.push(...(await runGroup(group, kubeconfig, home)));
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, work));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return new Map(results);
};
