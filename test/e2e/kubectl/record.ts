import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { startKubeApiserver } from '../../setup/kube-apiserver.ts';
import { writeRecording } from './recording.ts';
import { rowId } from './row.ts';
import { runTable } from './run-table.ts';
import { table } from './table.ts';

/*
 * Runs the table against a real kube-apiserver with our CRDs and writes down what kubectl printed. Needed again whenever a row is added or
 * changed:
 *
 *   KUBE_APISERVER=/path/to/kube-apiserver ETCD=/path/to/etcd KUBE_VERSION=v1.37.2 node test/e2e/kubectl/record.ts
 */

const setting = (name: string): string => {
  const value = process.env[name] ?? '';
  if (value === '') throw new Error(`set ${name}`);
  return value;
};

const source = setting('KUBE_VERSION');
const server = await startKubeApiserver({ kubeApiserver: setting('KUBE_APISERVER'), etcd: setting('ETCD') });
const kubectl = (...args: readonly string[]): string =>
  execFileSync('kubectl', [`--kubeconfig=${server.kubeconfig}`, ...args], { encoding: 'utf8' });
try {
  kubectl('apply', '--server-side', '-f', resolve(import.meta.dirname, '../../../crds'));
  kubectl('wait', 'crd', '--all', '--for=condition=Established', '--timeout=30s');
  const results = await runTable(table, server.kubeconfig);
  const { clientVersion } = JSON.parse(kubectl('version', '--client', '-o', 'json')) as {
    clientVersion: { gitVersion: string };
  };
  const rows = table.flatMap((group) =>
    group.rows.flatMap(({ run }, index) => {
      const result = results.get(rowId(group, index));
      return result === undefined ? [] : [{ id: rowId(group, index), run, ...result }];
    }),
  );
  writeRecording({ source: `kube-apiserver ${source}`, kubectl: clientVersion.gitVersion, rows });
} finally {
  await server.stop();
}
