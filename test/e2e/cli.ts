import { readFileSync } from 'node:fs';
import { type CliRun, createCliWorld } from '../fakes/cli.ts';
import type { Serve } from './serve.ts';

/** The command line as the user of a server, in this process: a process of its own takes a second to start. */
export const cliOf = (
  { kubeconfig }: Serve,
  files: Readonly<Record<string, string>> = {},
): ((line: string) => Promise<CliRun>) =>
  createCliWorld({
    files: { ...files, '/home/me/.kube/config': readFileSync(kubeconfig, 'utf8') },
    nowMs: Date.now(),
  }).run;
