import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
import {
  administer,
  eventually,
  install,
  installCrds,
  type RunningController,
  startController,
} from './harness.ts';

/** An API server of its own: what it serves is what this is about. */
describe('a cluster that is none to work on', () => {
  let server: KubeApiserver;
  let admin: ReturnType<typeof administer>;
  let account: ReturnType<typeof install>;
  let running: RunningController;
  beforeAll(async () => {
    server = await startKubeApiserver(clusterPrograms());
    admin = administer(server.kubeconfig);
    account = install(server.kubeconfig);
  });
  afterAll(async () => {
    await running?.stop('SIGKILL');
    account?.remove();
    await admin?.client.close();
    await server?.stop();
  });

  const readyz = async (): Promise<string> => {
    const answer = await fetch(`${running.healthUrl()}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  const problems = (): readonly unknown[] =>
    running
      .log()
      .filter(({ msg }) => msg === 'cannot work in this cluster')
      .map(({ problem }) => problem);
  const events = (): string =>
    admin.kubectl('get', 'events.events.k8s.io', '-n', 'imagestreams', '-o', 'jsonpath={.items[*].note}');

  it('keeps the controller up and not ready, with the reason in one Event and one line', async () => {
    // As OpenShift has it: another server behind the group.
    const apiService = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.image.openshift.io' },
      spec: {
        group: 'image.openshift.io',
        version: 'v1',
        groupPriorityMinimum: 1000,
        versionPriority: 15,
        service: { namespace: 'openshift-apiserver', name: 'api' },
        insecureSkipTLSVerify: true,
      },
    };
    admin.kubectlWith(JSON.stringify(apiService), 'apply', '-f', '-');
    running = await startController(account.kubeconfig);
    await eventually(() => problems().length > 0, 'the line');
    await eventually(() => events() !== '', 'the Event');
    expect(await readyz()).toMatch(/^503 .*image\.openshift\.io/);
    expect((await fetch(`${running.healthUrl()}/livez`)).status).toBe(200);
    expect(problems()).toHaveLength(1);
    expect(events()).toBe(problems()[0]);
  });

  it('has it go on by itself once the CRDs are there', async () => {
    admin.kubectl('delete', 'apiservice', 'v1.image.openshift.io');
    installCrds(server.kubeconfig);
    await eventually(async () => (await readyz()) === '200 ok\n', 'readiness', 60_000);
    expect(running.process.exitCode).toBeNull();
  });
});
