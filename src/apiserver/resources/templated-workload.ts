import { cronJobs, daemonSets, statefulSets } from '../../api/core.ts';
import { duplicate, type FieldError, required, rootPath } from '../../api/field-error.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import { valueAt } from '../../api/workload-patch.ts';
import type { Column } from '../rest-storage.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { validateNamespacedMeta } from './object-rules.ts';

type Container = { readonly name: string; readonly image?: string };
type Templated = KubernetesObject & { readonly status?: unknown };

const containersAt = (object: KubernetesObject, path: readonly string[]): readonly Container[] => {
  const containers = valueAt(object, path);
  return Array.isArray(containers) ? (containers as readonly Container[]) : [];
};

const validateContainers = (object: KubernetesObject, steps: readonly string[]): readonly FieldError[] => {
  const path = steps.reduce((at, step) => at.child(step), rootPath);
  const containers = containersAt(object, steps);
  if (containers.length === 0) return [required(path)];
  return containers.flatMap(({ name, image = '' }, index) => [
    ...(containers.findIndex((other) => other.name === name) < index
      ? [duplicate(path.key(index).child('name'), name)]
      : []),
    ...(image === '' ? [required(path.key(index).child('image'))] : []),
  ]);
};

const imagesColumn = (path: readonly string[]): Column<Templated> => ({
  name: 'Images',
  type: 'string',
  description: 'Images of the containers.',
  priority: 0,
  cell: (object) =>
    containersAt(object, path)
      .map(({ image = '' }) => image)
      .join(','),
});

/** A kind with a pod template, kept for whoever acts on it, without the defaults that Kubernetes fills in. */
const templatedStrategy = (
  resource: Resource<Templated>,
  podSpecPath: readonly string[],
): Strategy<Templated> => {
  const path = [...podSpecPath, 'containers'];
  const validate = (object: Templated): readonly FieldError[] => [
    ...validateNamespacedMeta(object),
    ...validateContainers(object, path),
  ];
  return {
    resource,
    columns: [nameColumn, imagesColumn(path), ageColumn],
    prepareForCreate: (object) => ({ ...object, status: {} }),
    validate,
    validateUpdate: validate,
  };
};

export const templatedStrategies: readonly Strategy<Templated>[] = [
  templatedStrategy(statefulSets, ['spec', 'template', 'spec']),
  templatedStrategy(daemonSets, ['spec', 'template', 'spec']),
  templatedStrategy(cronJobs, ['spec', 'jobTemplate', 'spec', 'template', 'spec']),
];
