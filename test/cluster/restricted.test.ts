import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployments, type Secret, secrets } from '../../src/api/core.ts';
import { imageStreamImports, imageStreams } from '../../src/api/resources.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { aliceHtpasswd, type DockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
import {
  type AuditEvent,
  administer,
  auditSince,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  installCrds,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(600_000);
const binding = resolve(import.meta.dirname, '../../deploy/opt-in-secrets/role-binding.yaml');
const account = 'system:serviceaccount:imagestreams:imagestreams';

/** Installations that may not read the secrets of all namespaces, on an API server of its own: nothing else binds roles there. */
describe('an installation without cluster-wide access to secrets', () => {
  let server: KubeApiserver;
  let admin: ReturnType<typeof administer>;
  let registry: DockerRegistry;
  let digest = '';
  beforeAll(async () => {
    server = await startKubeApiserver(clusterPrograms());
    admin = administer(server.kubeconfig);
    installCrds(server.kubeconfig);
    registry = await startDockerRegistry({ htpasswd: aliceHtpasswd });
    const image = anImage({ name: 'private' });
    digest = image.manifest.digest;
    await push(
      { url: `http://${registry.host}`, authorization: `Basic ${btoa('alice:secret')}` },
      'team/app',
      image,
      'main',
    );
  });
  afterAll(async () => {
    await registry?.stop();
    await admin?.client.close();
    await server?.stop();
  });

  const pullSecret = (namespace: string): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: 'pull', namespace },
    data: {
      '.dockerconfigjson': btoa(
        JSON.stringify({ auths: { [registry.host]: { username: 'alice', password: 'secret' } } }),
      ),
    },
  });
  const get = (namespace: string, name: string) => admin.store.get(imageStreams, { namespace, name }, signal);
  const create = (namespace: string, name: string) =>
    admin.store.create(
      imageStreams,
      streamOf({ namespace, name }, `${registry.host}/team/app:main`),
      {},
      signal,
    );
  const imported = (namespace: string, name: string, what: string): Promise<void> =>
    eventually(async () => digestsOf(await get(namespace, name))[0] === digest, what);
  const failureOf = async (namespace: string, name: string) =>
    (await get(namespace, name))?.status?.tags?.[0]?.conditions?.[0];
  const asked = (offset = 0): readonly AuditEvent[] =>
    auditSince(server.auditLog, offset).filter(({ user }) => user.username === account);
  const refusals = (offset = 0) => asked(offset).filter(({ responseStatus }) => responseStatus?.code === 403);

  describe('for one namespace', () => {
    const namespace = 'imagestreams';
    let own: ReturnType<typeof install>;
    let running: RunningController;
    beforeAll(async () => {
      own = install(server.kubeconfig, 'deploy/namespaced');
      running = await startController(own.kubeconfig, ['--namespace', namespace]);
    });
    afterAll(async () => {
      await running?.stop();
      own?.remove();
      admin.kubectl(
        'delete',
        '-n',
        namespace,
        'rolebinding',
        'imagestreams-controller',
        'imagestreams-pull-secrets',
      );
    });

    it('does there all that it does elsewhere', async () => {
      await admin.store.create(secrets, pullSecret(namespace), {}, signal);
      await create(namespace, 'app');
      await imported(namespace, 'app', 'the import');
      const trigger = [
        {
          from: { kind: 'ImageStreamTag', name: 'app:main' },
          fieldPath: 'spec.template.spec.containers[0].image',
        },
      ];
      const labels = { app: 'web' };
      const deployment = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          namespace,
          name: 'web',
          annotations: { 'image.openshift.io/triggers': JSON.stringify(trigger) },
        },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'none' }] } },
        },
      };
      await admin.store.create(deployments, deployment, {}, signal);
      await eventually(async () => {
        const found = await admin.store.get(deployments, { namespace, name: 'web' }, signal);
        return found?.spec?.template.spec?.containers[0]?.image?.endsWith(digest) === true;
      }, 'the patch');
      const request = {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStreamImport',
        metadata: { namespace, name: 'asked' },
        spec: {
          import: true,
          stream: 'asked',
          images: [
            {
              from: { kind: 'DockerImage', name: `${registry.host}/team/app:main` },
              to: { name: 'main' },
              importPolicy: { insecure: true },
            },
          ],
        },
      };
      await admin.store.create(imageStreamImports, request, {}, signal);
      await imported(namespace, 'asked', 'the requested import');
      await eventually(
        () => admin.kubectl('get', 'events.events.k8s.io', '-n', namespace).includes('TagCreated'),
        'the Event',
      );
    });

    it('leaves the streams of others alone', async () => {
      await ensureNamespace(admin.store, 'others', signal);
      await create('others', 'app');
      await create(namespace, 'later');
      await imported(namespace, 'later', 'an import after that');
      expect((await get('others', 'app'))?.status).toBeUndefined();
    });

    it('reads secrets of no other namespace, and is refused nothing', async () => {
      // A watch is logged when it ends.
      await running.stop();
      const ofSecrets = asked().filter(({ objectRef }) => objectRef?.resource === 'secrets');
      expect(new Set(ofSecrets.map(({ objectRef }) => objectRef?.namespace))).toEqual(new Set([namespace]));
      expect(new Set(ofSecrets.map(({ verb }) => verb))).toEqual(new Set(['list', 'watch']));
      expect(refusals()).toEqual([]);
    });
  });

  describe('for all namespaces, whose secrets are read where a RoleBinding lets it', () => {
    let own: ReturnType<typeof install>;
    let running: RunningController;
    let offset = 0;
    beforeAll(async () => {
      offset = auditSince(server.auditLog, 0).length;
      own = install(server.kubeconfig, 'deploy/opt-in-secrets');
      for (const namespace of ['open', 'shut']) {
        await ensureNamespace(admin.store, namespace, signal);
        await admin.store.create(secrets, pullSecret(namespace), {}, signal);
      }
      running = await startController(own.kubeconfig, ['--secret-access', 'namespace']);
    });
    afterAll(async () => {
      await running?.stop();
      own?.remove();
    });

    const note = (namespace: string): string =>
      `the secrets of the namespace "${namespace}" may not be read; a RoleBinding there to the ClusterRole imagestreams-pull-secrets lets the controller`;

    it('says at the tag that the credentials of the namespace may not be read', async () => {
      for (const namespace of ['open', 'shut']) await create(namespace, 'app');
      for (const namespace of ['open', 'shut']) {
        await eventually(async () => (await failureOf(namespace, 'app')) !== undefined, 'the refusal');
        expect(await failureOf(namespace, 'app')).toMatchObject({
          type: 'ImportSuccess',
          status: 'False',
          reason: 'Unauthorized',
          message: expect.stringContaining(note(namespace)),
        });
      }
    });

    it('tries again by itself once a namespace lets it, and in no other', async () => {
      admin.kubectl('apply', '-n', 'open', '-f', binding);
      await imported('open', 'app', 'the import');
      expect(await failureOf('open', 'app')).toBeUndefined();
      expect(await failureOf('shut', 'app')).toMatchObject({ reason: 'Unauthorized' });
    });

    it('notices a secret that comes later', async () => {
      await ensureNamespace(admin.store, 'late', signal);
      admin.kubectl('apply', '-n', 'late', '-f', binding);
      await create('late', 'app');
      await eventually(async () => (await failureOf('late', 'app')) !== undefined, 'the refusal');
      expect((await failureOf('late', 'app'))?.message).not.toContain('may not be read');
      await admin.store.create(secrets, pullSecret('late'), {}, signal);
      await imported('late', 'app', 'the import');
    });

    it('never asks for the secrets of all namespaces', async () => {
      await running.stop();
      const requests = auditSince(server.auditLog, 0)
        .slice(offset)
        .filter(({ user }) => user.username === account);
      const ofSecrets = requests.filter(({ objectRef }) => objectRef?.resource === 'secrets');
      expect(ofSecrets.map(({ objectRef }) => objectRef?.namespace)).toContain('open');
      expect(ofSecrets.map(({ objectRef }) => objectRef?.namespace)).not.toContain(undefined);
      expect(new Set(ofSecrets.map(({ verb }) => verb))).toEqual(new Set(['list']));
      const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
      expect(new Set(refused.map(({ objectRef }) => objectRef?.resource))).toEqual(new Set(['secrets']));
    });
  });
});
