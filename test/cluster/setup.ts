import type { TestProject } from 'vitest/node';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
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

/** Called by vitest before all test files. */
export const setup = async (project: TestProject): Promise<void> => {
  server = await startKubeApiserver(clusterPrograms());
  const { kubeconfig, auditLog } = server;
  installCrds(kubeconfig);
  project.provide('kubeconfig', kubeconfig);
  project.provide('auditLog', auditLog);
};

/** Called by vitest after them. */
export const teardown = async (): Promise<void> => server?.stop();
