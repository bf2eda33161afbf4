import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import type { Deployment } from '../../api/core.ts';
import { formatFieldError } from '../../api/field-error.ts';
import { deploymentStrategy } from './deployment.ts';

const context = aRestContext();

type Spec = Readonly<Record<string, unknown>>;

const aDeployment = (spec: Spec = {}, status: Spec = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
    },
    ...spec,
  } as Deployment['spec'] & Spec,
  status,
});

const withImage = (image: string): Deployment =>
  aDeployment({
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  });

const problems = async (deployment: Deployment): Promise<readonly string[]> =>
  ((await deploymentStrategy.validate?.(deployment, context)) ?? []).map(formatFieldError);

describe('defaulting a Deployment', () => {
  // What kube-apiserver 1.36 made of a Deployment that names nothing but selector, labels and container.
  it('fills in what Kubernetes fills in', () => {
    expect(deploymentStrategy.applyDefaults?.(aDeployment()).spec).toEqual({
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              image: 'registry.example/web:1',
              imagePullPolicy: 'IfNotPresent',
              name: 'web',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
      },
    });
  });

  it('keeps no time of creation that is null, as kubectl writes it into templates', () => {
    const template = {
      metadata: { creationTimestamp: null, labels: { app: 'web' } },
      spec: { containers: [] },
    };
    const { spec } = deploymentStrategy.applyDefaults?.(aDeployment({ template })) ?? {};
    expect(spec?.template.metadata).toEqual({ labels: { app: 'web' } });
  });

  it('changes nothing the second time', () => {
    const once = deploymentStrategy.applyDefaults?.(aDeployment({ replicas: 0 }));
    expect(once).toMatchObject({ spec: { replicas: 0 } });
    expect(deploymentStrategy.applyDefaults?.(once as Deployment)).toEqual(once);
  });

  it('pulls a moving tag at every start', () => {
    const policies = ['web', 'web:latest', 'web:1', `web@sha256:${'a'.repeat(64)}`].map(
      (image) => deploymentStrategy.applyDefaults?.(withImage(image)).spec?.template.spec?.containers[0],
    );
    expect(policies).toMatchObject([
      { imagePullPolicy: 'Always' },
      { imagePullPolicy: 'Always' },
      { imagePullPolicy: 'IfNotPresent' },
      { imagePullPolicy: 'IfNotPresent' },
    ]);
  });

  it('leaves a Recreate strategy without rolling parameters', () => {
    expect(
      deploymentStrategy.applyDefaults?.(aDeployment({ strategy: { type: 'Recreate' } })).spec,
    ).toMatchObject({
      strategy: { type: 'Recreate' },
    });
  });
});

describe('validating a Deployment', () => {
  it('accepts a plain one', async () => {
    expect(await problems(aDeployment())).toEqual([]);
  });

  it('demands a selector that matches the template', async () => {
    expect(await problems(aDeployment({ selector: undefined }))).toEqual([
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
    expect(await problems(aDeployment({ selector: { matchLabels: { app: 'other' } } }))).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
  });

  it('demands containers with a name of their own and an image', async () => {
    const template = { metadata: { labels: { app: 'web' } } };
    expect(await problems(aDeployment({ template: { ...template, spec: { containers: [] } } }))).toEqual([
      'spec.template.spec.containers: Required value',
    ]);
    const containers = [{ name: 'a', image: 'x' }, { name: 'a' }];
    expect(await problems(aDeployment({ template: { ...template, spec: { containers } } }))).toEqual([
      'spec.template.spec.containers[1].name: Duplicate value: "a"',
      'spec.template.spec.containers[1].image: Required value',
    ]);
  });

  it('counts nothing below zero', async () => {
    expect(await problems(aDeployment({ replicas: 0, minReadySeconds: 0 }))).toEqual([]);
    expect(await problems(aDeployment({ replicas: -1, revisionHistoryLimit: -2 }))).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.revisionHistoryLimit: Invalid value: -2: must be greater than or equal to 0',
    ]);
  });

  it('keeps the selector', async () => {
    const next = aDeployment({
      selector: { matchLabels: { app: 'web', tier: 'x' } },
      template: {
        metadata: { labels: { app: 'web', tier: 'x' } },
        spec: { containers: [{ name: 'web', image: 'x' }] },
      },
    });
    const errors = await deploymentStrategy.validateUpdate?.(next, aDeployment(), context);
    expect(errors?.map(formatFieldError)).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable',
    ]);
  });
});

describe('printing a Deployment', () => {
  it('shows what is ready, and wide what it runs', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }],
    };
    const deployment = aDeployment(
      { replicas: 3, selector },
      { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
    );
    const now = Date.parse('2026-01-01T05:30:00Z');
    expect(deploymentStrategy.columns.map((column) => column.cell(deployment, now))).toEqual([
      'web',
      '2/3',
      3,
      1,
      '5h30m',
      'web',
      'registry.example/web:1',
      'app=web,tier in (a,b)',
    ]);
  });
});
