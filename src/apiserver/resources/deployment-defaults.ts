import type { Deployment } from '../../api/core.ts';
import { parseDockerImageReference } from '../../api/docker-image-reference.ts';

type DeploymentSpec = NonNullable<Deployment['spec']>;
type PodSpec = NonNullable<DeploymentSpec['template']['spec']>;
type Container = PodSpec['containers'][number];
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A tag that may move is pulled at every start. */
const pullPolicy = (image: string): string => {
  const reference = parseDockerImageReference(image);
  if ('error' in reference || reference.id !== '') return 'IfNotPresent';
  return reference.tag === '' || reference.tag === 'latest' ? 'Always' : 'IfNotPresent';
};

const withPortDefaults = (ports: unknown): Fields =>
  Array.isArray(ports)
    ? { ports: ports.map((port: unknown) => (isFields(port) ? { protocol: 'TCP', ...port } : port)) }
    : {};

const containerDefaults = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

const withContainerDefaults = (container: Container): Container => {
  const filled = {
    ...containerDefaults,
    imagePullPolicy: pullPolicy(container.image ?? ''),
    ...container,
    ...withPortDefaults((container as Fields)['ports']),
  };
  return filled;
};

const podDefaults = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

const withPodDefaults = (spec: PodSpec): PodSpec => ({
  ...podDefaults,
  ...spec,
  containers: spec.containers.map(withContainerDefaults),
  ...(spec.initContainers === undefined
    ? {}
    : { initContainers: spec.initContainers.map(withContainerDefaults) }),
});

const withStrategyDefaults = (strategy: unknown): Fields => {
  const given = isFields(strategy) ? strategy : {};
  const type = given['type'] ?? 'RollingUpdate';
  if (type !== 'RollingUpdate') return { ...given, type };
  const rollingUpdate = isFields(given['rollingUpdate']) ? given['rollingUpdate'] : {};
  return { ...given, type, rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%', ...rollingUpdate } };
};

/** kubectl writes `creationTimestamp: null` into every template that it makes; nothing is kept of it. */
const withoutNullTime = (metadata: unknown): Fields => {
  if (!isFields(metadata) || metadata['creationTimestamp'] !== null) return {};
  const { creationTimestamp: _creationTimestamp, ...kept } = metadata;
  return { metadata: kept };
};

/**
 * What Kubernetes fills in where a Deployment is silent, as far as clients compare it.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/apps/v1/defaults.go
 */
export const withDeploymentDefaults = (deployment: Deployment): Deployment => {
  const { spec } = deployment;
  if (spec?.template === undefined) return deployment;
  const { template } = spec;
  return {
    ...deployment,
    spec: {
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      ...spec,
      strategy: withStrategyDefaults((spec as Fields)['strategy']),
      template: {
        ...template,
        ...withoutNullTime(template.metadata),
        ...(template.spec === undefined ? {} : { spec: withPodDefaults(template.spec) }),
      },
    } as DeploymentSpec,
  };
};
