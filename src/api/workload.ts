import Type from 'typebox';
import { LabelSelectorSchema, ObjectMetaSchema } from './meta.ts';
import { int64, intOrString, listByKey, listByPatchKey, openObject } from './schema.ts';

/*
 * Pod templates, as far as explaining and merging them needs: what is a list by which key, and what most people write. All else is kept
 * without being known. After k8s.io/api `core/v1/types.go` and `apps/v1/types.go`.
 */

const int32 = (description: string) => Type.Integer({ format: 'int32', description });
const text = (description: string) => Type.String({ description });
const open = (description: string) => openObject({ description });
/** Kept with the fields that it is not known to have. */
const keepsUnknown = (description: string) => ({ description, 'x-kubernetes-preserve-unknown-fields': true });

const EnvVarSchema = Type.Object({
  name: text('Name of the variable.'),
  value: Type.Optional(text('Its value; $(NAME) stands for a variable before it.')),
  valueFrom: Type.Optional(open('Where its value comes from: a field, a resource, a ConfigMap or a Secret.')),
});

const ContainerPortSchema = Type.Object({
  containerPort: int32('Port that the container listens on.'),
  name: Type.Optional(text('Name by which services may refer to it.')),
  protocol: Type.Optional(Type.String({ description: 'TCP, UDP or SCTP.', default: 'TCP' })),
  hostPort: Type.Optional(int32('Port of the host.')),
  hostIP: Type.Optional(text('Address of the host to bind to.')),
});

const VolumeMountSchema = Type.Object(
  {
    name: text('Name of a volume.'),
    mountPath: text('Where in the container it is mounted.'),
    subPath: Type.Optional(text('Path within the volume.')),
    readOnly: Type.Optional(Type.Boolean({ description: 'Mounted read-only.' })),
  },
  keepsUnknown('A volume in the file system of a container.'),
);

const ResourcesSchema = Type.Object(
  {
    limits: Type.Optional(open('Most of each resource that the container may use.')),
    requests: Type.Optional(open('What the container is guaranteed.')),
  },
  keepsUnknown('Resources that a container needs.'),
);

export const ContainerSchema = Type.Object(
  {
    name: text('Name of the container.'),
    image: Type.Optional(text('Pull spec of the image.')),
    imagePullPolicy: Type.Optional(text('Always, Never or IfNotPresent.')),
    command: Type.Optional(
      Type.Array(Type.String(), { description: 'In place of the entrypoint of the image.' }),
    ),
    args: Type.Optional(Type.Array(Type.String(), { description: 'In place of the command of the image.' })),
    workingDir: Type.Optional(text('Working directory.')),
    env: Type.Optional(listByKey(EnvVarSchema, ['name'])),
    ports: Type.Optional(listByPatchKey(ContainerPortSchema, ['containerPort', 'protocol'], 'containerPort')),
    volumeMounts: Type.Optional(listByKey(VolumeMountSchema, ['mountPath'])),
    resources: Type.Optional(ResourcesSchema),
    livenessProbe: Type.Optional(open('When to restart the container.')),
    readinessProbe: Type.Optional(open('When the container takes requests.')),
    startupProbe: Type.Optional(open('When the container has started.')),
    lifecycle: Type.Optional(open('What to do after its start and before its end.')),
    securityContext: Type.Optional(open('Security options of the container.')),
    terminationMessagePath: Type.Optional(text('File with the last message of the container.')),
    terminationMessagePolicy: Type.Optional(text('File or FallbackToLogsOnError.')),
  },
  keepsUnknown('One container of a pod.'),
);

const VolumeSchema = Type.Object(
  { name: text('Name that volume mounts refer to.') },
  keepsUnknown('Storage that containers of a pod may mount.'),
);
const LocalReferenceSchema = Type.Object({
  name: Type.Optional(text('Name of an object of the namespace.')),
});

export const PodSpecSchema = Type.Object(
  {
    containers: listByKey(ContainerSchema, ['name']),
    initContainers: Type.Optional(listByKey(ContainerSchema, ['name'])),
    volumes: Type.Optional(listByKey(VolumeSchema, ['name'])),
    imagePullSecrets: Type.Optional(listByKey(LocalReferenceSchema, ['name'])),
    restartPolicy: Type.Optional(text('Always, OnFailure or Never.')),
    terminationGracePeriodSeconds: Type.Optional(
      int64({ description: 'Seconds between the request to end and the end.' }),
    ),
    dnsPolicy: Type.Optional(text('ClusterFirst, ClusterFirstWithHostNet, Default or None.')),
    serviceAccountName: Type.Optional(text('Service account that the pod runs as.')),
    nodeSelector: Type.Optional(open('Labels that a node must have.')),
    schedulerName: Type.Optional(text('Scheduler that places the pod.')),
    securityContext: Type.Optional(open('Security options of the pod.')),
    affinity: Type.Optional(open('Preferences for where the pod runs.')),
    tolerations: Type.Optional(
      Type.Array(openObject(), { description: 'Taints of nodes that the pod stands.' }),
    ),
  },
  keepsUnknown('What the containers of a pod are.'),
);

export const PodTemplateSpecSchema = Type.Object(
  {
    metadata: Type.Optional(ObjectMetaSchema),
    spec: Type.Optional(PodSpecSchema),
  },
  { description: 'What new pods are made from.' },
);

const RollingUpdateSchema = Type.Object({
  maxSurge: Type.Optional(
    intOrString({ description: 'Pods more than wanted during an update: a number or a percentage.' }),
  ),
  maxUnavailable: Type.Optional(intOrString({ description: 'Pods fewer than wanted during an update.' })),
});

export const DeploymentSpecSchema = Type.Object(
  {
    replicas: Type.Optional(int32('Pods wanted. Default 1.')),
    selector: Type.Optional(LabelSelectorSchema),
    template: PodTemplateSpecSchema,
    strategy: Type.Optional(
      Type.Object(
        {
          type: Type.Optional(text('RollingUpdate or Recreate.')),
          rollingUpdate: Type.Optional(RollingUpdateSchema),
        },
        {
          description: 'How old pods are replaced by new ones.',
          'x-kubernetes-patch-strategy': 'retainKeys',
        },
      ),
    ),
    minReadySeconds: Type.Optional(int32('Seconds that a new pod must be ready to count as available.')),
    revisionHistoryLimit: Type.Optional(int32('Old ReplicaSets that are kept. Default 10.')),
    progressDeadlineSeconds: Type.Optional(
      int32('Seconds after which an update without progress has failed. Default 600.'),
    ),
    paused: Type.Optional(Type.Boolean({ description: 'Changes of the template wait.' })),
  },
  keepsUnknown('What a Deployment should be.'),
);

const selector = Type.Optional(LabelSelectorSchema);

export const StatefulSetSpecSchema = Type.Object(
  {
    replicas: Type.Optional(int32('Pods wanted. Default 1.')),
    serviceName: Type.Optional(text('Service that gives the pods their names.')),
    selector,
    template: PodTemplateSpecSchema,
  },
  keepsUnknown('What a StatefulSet should be.'),
);

export const DaemonSetSpecSchema = Type.Object(
  { selector, template: PodTemplateSpecSchema },
  keepsUnknown('What a DaemonSet should be.'),
);

const JobTemplateSchema = Type.Object(
  {
    metadata: Type.Optional(ObjectMetaSchema),
    spec: Type.Optional(
      Type.Object({ template: PodTemplateSpecSchema }, keepsUnknown('What a Job should be.')),
    ),
  },
  { description: 'What new Jobs are made from.' },
);

export const CronJobSpecSchema = Type.Object(
  {
    schedule: text('When Jobs start, in the words of cron.'),
    suspend: Type.Optional(Type.Boolean({ description: 'No new Jobs start.' })),
    jobTemplate: JobTemplateSchema,
  },
  keepsUnknown('What a CronJob should be.'),
);
