import { execFile, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Whether tests with a real kubectl can run; in CI they must, so that a missing one fails there. */
export const hasKubectl: boolean =
  process.env['CI'] === 'true' || spawnSync('kubectl', ['version', '--client']).error === undefined;

/** What one command came to. */
export type KubectlResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type KubectlOptions = {
  /** Standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** A real kubectl that knows one server; `home` takes its caches. */
export const createKubectl = (kubeconfig: string, home: string) => {
  const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };

  /** Runs one command to its end. */
  const run = (args: readonly string[], { input, env }: KubectlOptions = {}): Promise<KubectlResult> =>
    new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        args,
        { env: { ...environment, ...env }, timeout: 20_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, stdout, stderr });
        },
      );
      child.stdin?.end(input ?? '');
    });

  /** Runs a command that goes on until it has printed `lines` lines, then ends it. `onLine` sees each. */
  const follow = (
    args: readonly string[],
    lines: number,
    onLine: (line: string, count: number) => unknown = () => undefined,
  ): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const child = spawn('kubectl', args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
      const seen: string[] = [];
      const reader = createInterface(child.stdout);
      reader.on('line', (line) => {
        seen.push(line);
        onLine(line, seen.length);
        if (seen.length === lines) child.kill('SIGKILL');
      });
      child.on('error', reject);
      child.on('exit', () => resolve(seen));
    });

  return { run, follow };
};
