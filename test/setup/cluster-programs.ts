import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubePrograms } from './kube-apiserver.ts';

/** Version that is built where KUBEBUILDER_ASSETS names no other. */
const version = '1.37.2';

const cached = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'imagestreams',
  `kube-apiserver-${version}`,
);

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing or not executable is the answer, not a failure.
    return false;
  }
};

const onPath = (command: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find(isExecutable);

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', process.stderr, 'inherit'] }).status === 0;

/** Debian's package, which starts nothing by itself where no system runs. */
const installEtcd = (): string | undefined => {
  if (onPath('apt-get') === undefined || process.getuid?.() !== 0) return undefined;
  run('apt-get', ['update', '-q']);
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'etcd-server']);
  return onPath('etcd');
};

const buildKubeApiserver = (): string | undefined => {
  if (onPath('go') === undefined) return undefined;
  process.stderr.write(`building kube-apiserver ${version} into ${cached}: about 11 minutes on two cores\n`);
  return run(join(import.meta.dirname, 'build-kube-apiserver.sh'), [version, cached]) ? cached : undefined;
};

/** Where a program is: with the others of envtest, or as `otherwise` has it. */
const find = (name: string, otherwise: () => string | undefined): string => {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const path = assets === undefined ? otherwise() : join(assets, name);
  if (path !== undefined && isExecutable(path)) return path;
  throw new Error(
    assets === undefined
      ? `no ${name}: set KUBEBUILDER_ASSETS to a directory that has it, or install ${name === 'etcd' ? 'etcd-server' : 'Go, to build it'}`
      : `no ${name} in KUBEBUILDER_ASSETS (${assets})`,
  );
};

/**
 * The programs of a control plane: those of KUBEBUILDER_ASSETS, else etcd of this machine or Debian, and kube-apiserver as it was built
 * once for all clones.
 *
 * @throws {Error} that says what is missing and what to do.
 */
export const clusterPrograms = (): KubePrograms => ({
  etcd: find('etcd', () => onPath('etcd') ?? installEtcd()),
  kubeApiserver: find('kube-apiserver', () => (isExecutable(cached) ? cached : buildKubeApiserver())),
});

/** The programs of a control plane where they are there already; undefined where one would have to be installed or built. */
export const findClusterPrograms = (): KubePrograms | undefined => {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const etcd = assets === undefined ? onPath('etcd') : join(assets, 'etcd');
  const kubeApiserver = assets === undefined ? cached : join(assets, 'kube-apiserver');
  return etcd !== undefined && isExecutable(etcd) && isExecutable(kubeApiserver)
    ? { etcd, kubeApiserver }
    : undefined;
};
