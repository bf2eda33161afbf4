import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { auditDirectoryVariable, type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
import { judgeAuditLogs } from './audit.ts';
import { installCrds } from './harness.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Kubeconfig of the administrator of the API server that the test files share. */
    readonly kubeconfig: string;
    readonly auditLog: string;
  }
}

/** The API server that the test files share, with our CRDs. */
let server: KubeApiserver | undefined;
/** Where all API servers of this run leave their audit logs. */
const auditLogs = mkdtempSync(join(tmpdir(), 'audit-'));
let project: TestProject | undefined;

/** Called by vitest before all test files. */
export const setup = async (started: TestProject): Promise<void> => {
  project = started;
  process.env[auditDirectoryVariable] = auditLogs;
  server = await startKubeApiserver(clusterPrograms());
  const { kubeconfig, auditLog } = server;
  installCrds(kubeconfig);
  started.provide('kubeconfig', kubeconfig);
  started.provide('auditLog', auditLog);
};

/** Whether this was a run of all test files: else rights that were not used say nothing. */
const ranAll = async (all: TestProject): Promise<boolean> => {
  const { testFiles } = await all.globTestFiles();
  const ran = new Set(all.vitest.state.getFiles().map(({ filepath }) => filepath));
  return testFiles.every((file) => ran.has(file));
};

const judge = async (): Promise<void> => {
  const { unused, refused } = judgeAuditLogs(auditLogs);
  const problems = [
    ...refused.map((permission) => `the controller was refused: ${permission}`),
    ...(project !== undefined && (await ranAll(project))
      ? unused.map((permission) => `the roles of deploy/ allow what no test needed: ${permission}`)
      : []),
  ];
  if (problems.length > 0) throw new Error(`audit logs:\n${problems.join('\n')}`);
};

/** Called by vitest after them; what it throws fails the run. */
export const teardown = async (): Promise<void> => {
  try {
    await server?.stop();
    await judge();
  } finally {
    rmSync(auditLogs, { recursive: true, force: true });
  }
};
