import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { customResources } from '../../src/api/crd.ts';
import { qualifiedName } from '../../src/api/resource.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { hasKubectl } from '../setup/kubectl.ts';
import { controllerPermissions } from './permissions.ts';
import { type Binding, isBinding, isRole, type Manifest, permissionsOf, render } from './render.ts';

const controller = { kind: 'ServiceAccount', name: 'imagestreams', namespace: 'imagestreams' };

const idOf = ({ kind, metadata }: Manifest): string =>
  [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');

/** What the service account of the controller may do, by where: `cluster` or a namespace. */
const grantedTo = (
  manifests: readonly Manifest[],
  where: (binding: Binding) => boolean,
): readonly string[] => {
  const roles = manifests.filter(isRole);
  return manifests
    .filter(isBinding)
    .filter(where)
    .flatMap(({ metadata, roleRef }) => {
      const role = roles.find(
        (one) =>
          one.kind === roleRef.kind &&
          one.metadata.name === roleRef.name &&
          (one.kind === 'ClusterRole' || one.metadata.namespace === metadata.namespace),
      );
      if (role === undefined) throw new Error(`${idOf(roleRef as unknown as Manifest)} is not there`);
      return permissionsOf(role);
    })
    .toSorted();
};

const declared = Object.entries(controllerPermissions)
  .flatMap(([resource, verbs]) => Object.keys(verbs).map((verb) => `${verb} ${resource}`))
  .toSorted();

describe.skipIf(!hasKubectl)('deploy/', () => {
  const manifests = hasKubectl ? render('deploy') : [];
  const find = <T = Manifest>(kind: string, name = 'imagestreams'): T =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name) as T;

  it('holds what a cluster needs, and none of the CRDs', () => {
    expect(manifests.map(idOf).toSorted()).toEqual([
      'ClusterRole/imagestreams-admin',
      'ClusterRole/imagestreams-controller',
      'ClusterRole/imagestreams-edit',
      'ClusterRole/imagestreams-image-pruning',
      'ClusterRole/imagestreams-images',
      'ClusterRole/imagestreams-pull-secrets',
      'ClusterRole/imagestreams-view',
      'ClusterRoleBinding/imagestreams-controller',
      'ClusterRoleBinding/imagestreams-image-pruning',
      'ClusterRoleBinding/imagestreams-images',
      'ClusterRoleBinding/imagestreams-pull-secrets',
      'Deployment/imagestreams/imagestreams',
      'Namespace/imagestreams',
      'NetworkPolicy/imagestreams/imagestreams',
      'PodDisruptionBudget/imagestreams/imagestreams',
      'Role/imagestreams/imagestreams-leader-election',
      'Role/imagestreams/imagestreams-pause',
      'RoleBinding/imagestreams/imagestreams-leader-election',
      'RoleBinding/imagestreams/imagestreams-pause',
      'Service/imagestreams/imagestreams-metrics',
      'ServiceAccount/imagestreams/imagestreams',
    ]);
  });

  it('lets the controller do what is declared with a reason, and no more', () => {
    expect(grantedTo(manifests, () => true)).toEqual(declared);
    for (const { subjects } of manifests.filter(isBinding)) expect(subjects).toEqual([controller]);
  });

  it('permits nothing by a wildcard', () => {
    const rules = manifests.filter(isRole).flatMap(({ rules: all }) => all);
    const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(words).not.toContain('*');
  });

  it('elects a leader, and looks whether it is paused, in its own namespace alone', () => {
    const inNamespace = grantedTo(manifests, ({ kind }) => kind === 'RoleBinding');
    expect(inNamespace).toEqual(
      declared.filter((one) => / (leases\.coordination\.k8s\.io|configmaps)$/.test(one)),
    );
  });

  it('shows every kind of ours that users write to those who may view, and lets those who may edit write them', () => {
    const kinds = customResources
      .map(({ resource }) => qualifiedName(resource))
      .filter((name) => !/^(images|changecursors)\./.test(name));
    const roleFor = (aggregate: string) =>
      manifests
        .filter(isRole)
        .filter(
          ({ metadata }) =>
            metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${aggregate}`] === 'true',
        )
        .flatMap(permissionsOf);
    for (const kind of kinds) {
      for (const verb of ['get', 'list', 'watch']) expect(roleFor('view')).toContain(`${verb} ${kind}`);
      for (const verb of ['create', 'update', 'patch', 'delete'])
        expect(roleFor('admin')).toContain(`${verb} ${kind}`);
    }
    expect(roleFor('edit')).toContain('create imagestreamimports.image.openshift.io');
    expect(
      roleFor('edit').filter((one) => one.includes('grants') && !/^(get|list|watch) /.test(one)),
    ).toEqual([]);
    expect(
      [...roleFor('edit'), ...roleFor('admin')].filter(
        (one) => one.includes('secrets') || one.includes('/status'),
      ),
    ).toEqual([]);
  });

  it('runs two replicas under restricted pod security, with limits and probes on named ports', () => {
    const { spec } = find<{
      spec: {
        replicas: number;
        selector: { matchLabels: object };
        template: {
          metadata: { labels: object };
          spec: { securityContext: object; containers: readonly Record<string, unknown>[] };
        };
      };
    }>('Deployment');
    expect(spec.replicas).toBe(2);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec.template.spec.containers).toMatchObject([
      {
        args: ['controller'],
        ports: [
          { name: 'metrics', containerPort: 8080 },
          { name: 'health', containerPort: 8081 },
        ],
        startupProbe: { httpGet: { path: '/livez', port: 'health' } },
        livenessProbe: { httpGet: { path: '/livez', port: 'health' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'health' } },
        resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '768Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ]);
  });

  it.each([
    ['PodDisruptionBudget', 'imagestreams', 'selector.matchLabels'],
    ['NetworkPolicy', 'imagestreams', 'podSelector.matchLabels'],
    ['Service', 'imagestreams-metrics', 'selector'],
  ])('the %s selects the pods of the Deployment', (kind, name, path) => {
    const { spec } = find<{ spec: Record<string, unknown> }>(kind, name);
    const labels = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], spec);
    const deployment = find<{ spec: { selector: { matchLabels: unknown } } }>('Deployment');
    expect(labels).toEqual(deployment.spec.selector.matchLabels);
  });
});

describe.skipIf(!hasKubectl)('deploy/opt-in-secrets', () => {
  const manifests = hasKubectl ? render('deploy/opt-in-secrets') : [];

  it('has the role for secrets, which nothing binds, and all the rest', () => {
    expect(manifests.map(idOf)).toContain('ClusterRole/imagestreams-pull-secrets');
    const granted = grantedTo(manifests, () => true);
    expect(granted).toEqual(declared.filter((one) => !one.endsWith(' secrets')));
  });

  it('tells the controller not to ask for the secrets of the whole cluster', () => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    expect(JSON.stringify(deployment)).toContain('"args":["controller","--secret-access=namespace"]');
  });

  it('has a binding at hand that names the role and the account of the installation', () => {
    const file = resolve(import.meta.dirname, '../../deploy/opt-in-secrets/role-binding.yaml');
    const binding = parse(readFileSync(file, 'utf8')) as Binding;
    expect(binding.subjects).toEqual([controller]);
    expect(manifests.map(idOf)).toContain(`${binding.roleRef.kind}/${binding.roleRef.name}`);
  });
});

describe.skipIf(!hasKubectl)('deploy/namespaced', () => {
  const manifests = hasKubectl ? render('deploy/namespaced') : [];

  it('may do cluster-wide what needs no namespace, and nothing else; no secrets above all', () => {
    const clusterWide = [
      'create images.image.openshift.io',
      'get apiservices.apiregistration.k8s.io',
      'get images.image.openshift.io',
      'update images.image.openshift.io',
    ];
    expect(grantedTo(manifests, ({ kind }) => kind === 'ClusterRoleBinding')).toEqual(clusterWide);
    expect(grantedTo(manifests, ({ kind }) => kind === 'RoleBinding')).toEqual(
      declared.filter(
        (one) =>
          !one.endsWith(' images.image.openshift.io') && !one.endsWith(' apiservices.apiregistration.k8s.io'),
      ),
    );
  });

  it('serves its own namespace', () => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    expect(deployment).toMatchObject({
      spec: {
        template: { spec: { containers: [{ args: ['controller', '--namespace=$(POD_NAMESPACE)'] }] } },
      },
    });
  });
});

describe('the alerts', () => {
  const folder = resolve(import.meta.dirname, '../../deploy/components/monitoring');
  type Rule = {
    readonly alert: string;
    readonly expr: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string; readonly runbook: string };
  };
  const { spec } = parse(readFileSync(resolve(folder, 'alerts.yaml'), 'utf8')) as {
    readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  };
  const rules = spec.groups.flatMap((group) => group.rules);

  it('each say what to do at three in the morning', () => {
    expect(rules.length).toBeGreaterThan(0);
    for (const { annotations, labels } of rules) {
      expect(annotations.summary).toMatch(/\.$/);
      expect(annotations.runbook.length).toBeGreaterThan(80);
      expect(['warning', 'critical']).toContain(labels.severity);
    }
  });

  it('name only series that this program has', async () => {
    const { body } = await createMetrics(systemClock).route.handle();
    const series = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? ''));
    const used = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/\b([a-z]+(?:_[a-z]+)+)\b(?=[[{])/g)].map((match) =>
        (match[1] ?? '').replace(/_bucket$/, ''),
      ),
    );
    expect(used.length).toBeGreaterThanOrEqual(rules.length - 2);
    expect(used.filter((name) => !series.has(name))).toEqual([]);
  });
});
