import Type, { type TSchema } from 'typebox';
import { type KubernetesObject, ObjectReferenceSchema, objectSchema } from './meta.ts';
import { defineResource } from './resource.ts';
import { mapOf, openObject, time, type Value } from './schema.ts';
import {
  CronJobSpecSchema,
  DaemonSetSpecSchema,
  DeploymentSpecSchema,
  StatefulSetSpecSchema,
} from './workload.ts';

/** The built-in Kubernetes kinds that standalone mode serves, as far as image streams touch them; the rest is kept unknown. */

export const NamespaceSchema = objectSchema('Namespace', 'A scope for names.', {
  spec: Type.Optional(
    Type.Object(
      { finalizers: Type.Optional(Type.Array(Type.String())) },
      { description: 'What holds a deletion up.' },
    ),
  ),
  status: Type.Optional(openObject({ description: 'The phase: Active or Terminating.' })),
});
export type Namespace = KubernetesObject &
  Omit<Value<typeof NamespaceSchema>, 'apiVersion' | 'kind' | 'metadata'>;

/** Phase of a namespace that is being deleted. */
export const terminating = 'Terminating';

/** Whether a namespace is being deleted, so that nothing new gets in. */
export const isTerminating = ({ status }: Namespace): boolean => status?.['phase'] === terminating;

export const SecretSchema = objectSchema('Secret', 'Secret data, such as registry credentials.', {
  type: Type.Optional(Type.String()),
  data: Type.Optional(mapOf(Type.String({ format: 'byte' }))),
  stringData: Type.Optional(mapOf(Type.String())),
  immutable: Type.Optional(Type.Boolean()),
});
export type Secret = KubernetesObject & Omit<Value<typeof SecretSchema>, 'apiVersion' | 'kind' | 'metadata'>;

export const ConfigMapSchema = objectSchema('ConfigMap', 'Configuration data.', {
  data: Type.Optional(mapOf(Type.String())),
  binaryData: Type.Optional(mapOf(Type.String({ format: 'byte' }))),
  immutable: Type.Optional(Type.Boolean()),
});
export type ConfigMap = KubernetesObject &
  Omit<Value<typeof ConfigMapSchema>, 'apiVersion' | 'kind' | 'metadata'>;

/** `core/v1` Event. @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const EventSchema = objectSchema('Event', 'Something that happened to an object.', {
  involvedObject: ObjectReferenceSchema,
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  source: Type.Optional(
    Type.Object({ component: Type.Optional(Type.String()), host: Type.Optional(Type.String()) }),
  ),
  firstTimestamp: Type.Optional(time({ nullable: true })),
  lastTimestamp: Type.Optional(time({ nullable: true })),
  eventTime: Type.Optional(time({ nullable: true })),
  count: Type.Optional(Type.Integer({ format: 'int32' })),
  type: Type.Optional(Type.String()),
  action: Type.Optional(Type.String()),
  related: Type.Optional(ObjectReferenceSchema),
  reportingComponent: Type.Optional(Type.String()),
  reportingInstance: Type.Optional(Type.String()),
  series: Type.Optional(openObject()),
});
export type Event = KubernetesObject & Omit<Value<typeof EventSchema>, 'apiVersion' | 'kind' | 'metadata'>;

export const DeploymentSchema = objectSchema(
  'Deployment',
  'Pods that are replaced when their template changes.',
  {
    spec: Type.Optional(DeploymentSpecSchema),
    status: Type.Optional(openObject()),
  },
);
export type Deployment = KubernetesObject &
  Omit<Value<typeof DeploymentSchema>, 'apiVersion' | 'kind' | 'metadata'>;

/** Kinds with a pod template that follow tags as Deployments do; nothing here acts on them. */
const templated = (kind: string, description: string, spec: TSchema) =>
  objectSchema(kind, description, { spec: Type.Optional(spec), status: Type.Optional(openObject()) });

/** Served empty, because clients that describe a Deployment list its ReplicaSets: nothing here makes any. */
export const ReplicaSetSchema = objectSchema('ReplicaSet', 'Pods of one template of a Deployment.', {
  spec: Type.Optional(openObject()),
  status: Type.Optional(openObject()),
});
export type ReplicaSet = KubernetesObject &
  Omit<Value<typeof ReplicaSetSchema>, 'apiVersion' | 'kind' | 'metadata'>;

export const namespaces = defineResource<Namespace>({
  group: '',
  plural: 'namespaces',
  kind: 'Namespace',
  selectableFields: ['status.phase'],
  schema: NamespaceSchema,
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
});
export const secrets = defineResource<Secret>({
  group: '',
  plural: 'secrets',
  kind: 'Secret',
  schema: SecretSchema,
  selectableFields: ['type'],
});
export const configMaps = defineResource<ConfigMap>({
  group: '',
  plural: 'configmaps',
  kind: 'ConfigMap',
  schema: ConfigMapSchema,
  shortNames: ['cm'],
});
export const events = defineResource<Event>({
  group: '',
  plural: 'events',
  kind: 'Event',
  schema: EventSchema,
  shortNames: ['ev'],
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
});
export const deployments = defineResource<Deployment>({
  group: 'apps',
  plural: 'deployments',
  kind: 'Deployment',
  schema: DeploymentSchema,
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  generationCountsAnnotations: true,
});
export const replicaSets = defineResource<ReplicaSet>({
  group: 'apps',
  plural: 'replicasets',
  kind: 'ReplicaSet',
  schema: ReplicaSetSchema,
  shortNames: ['rs'],
  categories: ['all'],
});
export const statefulSets = defineResource<KubernetesObject>({
  group: 'apps',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  schema: templated('StatefulSet', 'Pods with names and storage of their own.', StatefulSetSpecSchema),
  shortNames: ['sts'],
  categories: ['all'],
  hasStatus: true,
});
export const daemonSets = defineResource<KubernetesObject>({
  group: 'apps',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  schema: templated('DaemonSet', 'One pod on each node.', DaemonSetSpecSchema),
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
});
export const cronJobs = defineResource<KubernetesObject>({
  group: 'batch',
  plural: 'cronjobs',
  kind: 'CronJob',
  schema: templated('CronJob', 'Jobs that start on a schedule.', CronJobSpecSchema),
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
});
