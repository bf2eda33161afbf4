import { type Namespace, namespaces } from '../../api/core.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { validateNamespaceMeta } from './object-rules.ts';
import { withoutGeneration } from './without-generation.ts';

/** Kubernetes puts the name into a label, so that selectors can name a namespace. */
const withNameLabel = (namespace: Namespace): Namespace => ({
  ...namespace,
  metadata: {
    ...namespace.metadata,
    labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name },
  },
});

const startOf = (namespace: Namespace): Namespace =>
  withNameLabel({ ...namespace, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });

/** A namespace as it is stored when it is new. */
export const newNamespace = (name: string): Namespace =>
  startOf({ apiVersion: apiVersionOf(namespaces), kind: namespaces.kind, metadata: { name } });

/** Namespaces as Kubernetes serves them. */
export const namespaceStrategy: Strategy<Namespace> = {
  resource: namespaces,
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      description: 'Whether the namespace takes new objects.',
      priority: 0,
      cell: ({ status }) => (typeof status?.['phase'] === 'string' ? status['phase'] : ''),
    },
    ageColumn,
  ],
  prepareForCreate: startOf,
  validate: validateNamespaceMeta,
  validateUpdate: validateNamespaceMeta,
  prepareForUpdate: (next, old) => withNameLabel(old.spec === undefined ? next : { ...next, spec: old.spec }),
  decorate: withoutGeneration,
};
