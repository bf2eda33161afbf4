import { type Deployment, deployments } from '../../api/core.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { Value } from '../../api/schema.ts';
import type { PodSpecSchema } from '../../api/workload.ts';

export type PodSpec = Value<typeof PodSpecSchema>;

/** A kind whose containers can follow tags: where its pod spec is. */
export type WorkloadKind<T extends KubernetesObject> = {
  readonly resource: Resource<T>;
  /** The path that an annotation writes, e.g. `spec.template.spec`. */
  readonly podSpecPath: string;
  readonly podSpec: (object: T) => PodSpec | undefined;
  readonly withPodSpec: (object: T, podSpec: PodSpec) => T;
};

/** `apps/v1` Deployment. */
export const deploymentKind: WorkloadKind<Deployment> = {
  resource: deployments,
  podSpecPath: 'spec.template.spec',
  podSpec: (deployment) => deployment.spec?.template.spec,
  withPodSpec: (deployment, podSpec) => ({
    ...deployment,
    spec: { ...deployment.spec, template: { ...deployment.spec?.template, spec: podSpec } },
  }),
};
