import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { controllerPermissions } from '../deploy/permissions.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const kubectl = async (...args: readonly string[]): Promise<string> =>
  (await run('kubectl', [`--kubeconfig=${inject('kubeconfig')}`, ...args])).stdout;

/** An installation of one's own, as the comment in deploy/namespaced describes it. */
const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
writeFileSync(
  join(folder, 'kustomization.yaml'),
  `resources: [${relative(folder, join(root, 'deploy/namespaced'))}]\nnamespace: team\nnameSuffix: -team\n`,
);

beforeAll(async () => {
  await kubectl('apply', '-k', join(root, 'deploy'));
  await kubectl('create', 'namespace', 'team');
  await kubectl('apply', '-k', folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const may = async (account: string, verb: string, resource: string, ...where: readonly string[]) => {
  const asked = kubectl('auth', 'can-i', verb, resource, `--as=${account}`, ...where);
  // `no` is an exit code, too.
  return (
    await asked.then(
      (answer) => answer,
      (error: { readonly stdout: string }) => error.stdout,
    )
  ).trim();
};
/** Asked without kubectl's help, which knows only kinds that the server has. */
const isAllowed = async (user: string, resourceAttributes: object): Promise<string> => {
  const apiVersion = 'authorization.k8s.io/v1';
  const file = join(folder, 'review.json');
  const review = { apiVersion, kind: 'SubjectAccessReview', spec: { user, resourceAttributes } };
  writeFileSync(file, JSON.stringify(review));
  return kubectl('create', '-f', file, '-o', 'jsonpath={.status.allowed}');
};
const controller = 'system:serviceaccount:imagestreams:imagestreams';
const ofTeam = 'system:serviceaccount:team:imagestreams-team';

describe('kubectl apply -k deploy/', () => {
  it('can be applied again and changes nothing', async () => {
    const generations = () =>
      kubectl('get', '-k', join(root, 'deploy'), '-o', 'jsonpath={.items[*].metadata.generation}');
    const before = await generations();
    await kubectl('apply', '-k', join(root, 'deploy'));
    expect(await generations()).toBe(before);
  });

  it('is taken by server-side apply, too', async () => {
    const applied = await kubectl(
      'apply',
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '-k',
      join(root, 'deploy'),
    );
    expect(applied).toContain('deployment.apps/imagestreams serverside-applied (server dry run)');
  });

  it('runs under restricted pod security', async () => {
    const template = JSON.parse(
      await kubectl(
        'get',
        'deployment',
        'imagestreams',
        '-n',
        'imagestreams',
        '-o',
        'jsonpath={.spec.template}',
      ),
    ) as { readonly metadata: object; readonly spec: object };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      ...template,
      metadata: { ...template.metadata, name: 'try' },
    };
    const file = join(folder, 'pod.json');
    writeFileSync(file, JSON.stringify(pod));
    expect(await kubectl('create', '-n', 'imagestreams', '--dry-run=server', '-f', file)).toContain(
      'pod/try created',
    );
    const privileged = { ...pod, spec: { ...template.spec, hostNetwork: true } };
    writeFileSync(file, JSON.stringify(privileged));
    await expect(kubectl('create', '-n', 'imagestreams', '--dry-run=server', '-f', file)).rejects.toThrow(
      'violates PodSecurity "restricted:latest"',
    );
  });

  it('lets the controller do what it needs, in every namespace', async () => {
    for (const [resource, verbs] of Object.entries(controllerPermissions).filter(
      // These are the controller's own, in its own namespace.
      ([name]) => !name.startsWith('leases') && name !== 'configmaps',
    )) {
      for (const verb of Object.keys(verbs)) {
        const [name = '', ...group] = resource.split('.');
        const [plural = '', subresource] = name.split('/');
        // Of these the controller may read one alone.
        const only = plural === 'apiservices' ? { name: 'v1.image.openshift.io' } : {};
        const attributes = { verb, resource: plural, group: group.join('.'), subresource, ...only };
        expect(`${verb} ${resource}: ${await isAllowed(controller, attributes)}`).toBe(
          `${verb} ${resource}: true`,
        );
      }
    }
    expect(
      await may(controller, 'update', 'leases.coordination.k8s.io/imagestreams', '-n', 'imagestreams'),
    ).toBe('yes');
    expect(await may(controller, 'update', 'leases.coordination.k8s.io/other', '-n', 'imagestreams')).toBe(
      'no',
    );
    for (const verb of Object.keys(controllerPermissions['configmaps'] ?? {})) {
      const pause = [controller, verb, 'configmaps/imagestreams-pause'] as const;
      expect(await may(...pause, '-n', 'imagestreams')).toBe('yes');
      expect(await may(...pause, '-n', 'default')).toBe('no');
      expect(await may(controller, verb, 'configmaps', '-n', 'imagestreams')).toBe('no');
    }
    expect(await may(controller, 'create', 'secrets', '-A')).toBe('no');
    expect(await may(controller, 'delete', 'imagestreams.image.openshift.io', '-A')).toBe('no');
  });
});

describe('an installation for one namespace', () => {
  it('reads secrets there and nowhere else', async () => {
    expect(await may(ofTeam, 'list', 'secrets', '-n', 'team')).toBe('yes');
    expect(await may(ofTeam, 'list', 'secrets', '-n', 'default')).toBe('no');
    expect(await may(ofTeam, 'list', 'secrets', '-A')).toBe('no');
  });

  it('works with streams there, and with images', async () => {
    expect(await may(ofTeam, 'update', 'imagestreams.image.openshift.io', '-n', 'team')).toBe('yes');
    expect(await may(ofTeam, 'list', 'imagestreams.image.openshift.io', '-A')).toBe('no');
    expect(await may(ofTeam, 'create', 'images.image.openshift.io')).toBe('yes');
  });
});
