import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { administrator, createTokenAuthenticator } from '../../../src/apiserver/authn/token.ts';
import { createApiServer } from '../../../src/apiserver/server.ts';
import { createStorages } from '../../../src/apiserver/storages.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../../src/store/embedded.ts';
import { createFakeImporter } from '../../fakes/importer.ts';
import { createRecordingLogger } from '../../fakes/logger.ts';
import { startKubeApiserver } from '../../setup/kube-apiserver.ts';
import type { Place } from './client.ts';

/** A server that programs can run against. */
export type Target = { readonly place: Place; readonly close: () => Promise<void> };

/** Everything that standalone mode serves, over an embedded store and a socket; nobody else writes there. */
export const startOurs = async (): Promise<Target> => {
  const directory = await mkdtemp(join(tmpdir(), 'programs-'));
  const store = openEmbeddedStore({ file: join(directory, 'db'), clock: systemClock });
  const storages = createStorages({
    store,
    importer: createFakeImporter({}),
    keychains: () => Promise.resolve(() => []),
    clock: systemClock,
    historyLimit: 20,
    maxTagsPerRepository: 500,
  });
  const token = 'test-token';
  const authenticate = createTokenAuthenticator(token, administrator);
  const logger = createRecordingLogger();
  const server = createApiServer({ storages, clock: systemClock, logger, authenticate });
  await server.listen('127.0.0.1', 0, new AbortController().signal);
  return {
    place: { url: server.address() ?? '', token },
    close: async () => {
      await server.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

type Kubeconfig = {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
};

/** A real kube-apiserver with our CRDs: the judge of the model. */
export const startKube = async (kubeApiserver: string, etcd: string): Promise<Target> => {
  const { kubeconfig, stop } = await startKubeApiserver({ kubeApiserver, etcd });
  const kubectl = (...args: readonly string[]) =>
    execFileSync('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { stdio: 'pipe' });
  try {
    kubectl('apply', '--server-side', '-f', resolve(import.meta.dirname, '../../../crds'));
    kubectl('wait', 'crd', '--all', '--for=condition=Established', '--timeout=60s');
  } catch (error) {
    await stop();
    throw error;
  }
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const place = { url: clusters[0]?.cluster.server ?? '', token: users[0]?.user.token ?? '' };
  return { place, close: stop };
};
