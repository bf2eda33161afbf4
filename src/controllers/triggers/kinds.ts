import { cronJobs, daemonSets, deployments, statefulSets } from '../../api/core.ts';
import type { KubernetesObject, Stored, StoredMeta } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { Value } from '../../api/schema.ts';
import type { PodSpecSchema } from '../../api/workload.ts';
import { type ContainerList, valueAt } from '../../api/workload-patch.ts';

type Container = Pick<Value<typeof PodSpecSchema>['containers'][number], 'name' | 'image'>;

/** What triggers look at of a pod spec. */
export type PodSpec = Readonly<Record<ContainerList, readonly Container[]>>;

/** A kind whose containers can follow tags. */
export type WorkloadKind = {
  readonly resource: Resource;
  /** Where its pod spec is, as an annotation writes it but in parts: `spec`, `template`, `spec`. */
  readonly podSpecPath: readonly string[];
};

/** What is kept of a workload that has triggers. */
export type Workload = { readonly metadata: StoredMeta; readonly podSpec: PodSpec };

const ofTemplate = ['spec', 'template', 'spec'];

/** `apps/v1` Deployment. */
export const deploymentKind: WorkloadKind = { resource: deployments, podSpecPath: ofTemplate };

/** Every kind of workload whose containers can follow tags. */
export const workloadKinds: readonly WorkloadKind[] = [
  deploymentKind,
  { resource: statefulSets, podSpecPath: ofTemplate },
  { resource: daemonSets, podSpecPath: ofTemplate },
  { resource: cronJobs, podSpecPath: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] },
];

const containersAt = (object: KubernetesObject, path: readonly string[]): readonly Container[] => {
  const value = valueAt(object, path);
  return Array.isArray(value)
    ? (value as readonly Container[]).map(({ name, image = '' }) => ({ name, image }))
    : [];
};

/** What is kept of a workload: names and images of its containers, and its metadata. */
export const toWorkload = (
  object: Stored<KubernetesObject>,
  { podSpecPath }: Pick<WorkloadKind, 'podSpecPath'>,
): Workload => ({
  metadata: object.metadata,
  podSpec: {
    initContainers: containersAt(object, [...podSpecPath, 'initContainers']),
    containers: containersAt(object, [...podSpecPath, 'containers']),
  },
});
