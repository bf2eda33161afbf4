import {
  base64,
  boolean,
  integer,
  intOrString,
  list,
  type Message,
  map,
  message,
  nested,
  optionalBoolean,
  optionalInteger,
  quantity,
  string,
  time,
} from './protobuf-schema.ts';

/**
 * The field numbers of the kinds that clients send as protobuf. What is not listed is refused, never lost.
 *
 * @see https://github.com/kubernetes/api: `generated.proto` of core/v1, apps/v1, authorization/v1, authentication/v1
 */

const ownerReference = message('OwnerReference', {
  1: string('kind'),
  3: string('name'),
  4: string('uid'),
  5: string('apiVersion'),
  6: optionalBoolean('controller'),
  7: optionalBoolean('blockOwnerDeletion'),
});

const objectMeta = message('ObjectMeta', {
  1: string('name'),
  2: string('generateName'),
  3: string('namespace'),
  4: string('selfLink'),
  5: string('uid'),
  6: string('resourceVersion'),
  7: integer('generation'),
  8: time('creationTimestamp'),
  9: time('deletionTimestamp'),
  10: optionalInteger('deletionGracePeriodSeconds'),
  11: map(string('labels')),
  12: map(string('annotations')),
  13: list(nested('ownerReferences', ownerReference)),
  14: list(string('finalizers')),
});

const metadata = nested('metadata', objectMeta);

const namespace = message('Namespace', {
  1: metadata,
  2: nested('spec', message('NamespaceSpec', { 1: list(string('finalizers')) })),
  3: nested('status', message('NamespaceStatus', { 1: string('phase') })),
});

const secret = message('Secret', {
  1: metadata,
  2: map(base64('data')),
  3: string('type'),
  4: map(string('stringData')),
  5: optionalBoolean('immutable'),
});

const configMap = message('ConfigMap', {
  1: metadata,
  2: map(string('data')),
  3: map(base64('binaryData')),
  4: optionalBoolean('immutable'),
});

const labelSelector = message('LabelSelector', {
  1: map(string('matchLabels')),
  2: list(
    nested(
      'matchExpressions',
      message('LabelSelectorRequirement', {
        1: string('key'),
        2: string('operator'),
        3: list(string('values')),
      }),
    ),
  ),
});

const containerPort = message('ContainerPort', {
  1: string('name'),
  2: integer('hostPort'),
  3: integer('containerPort'),
  4: string('protocol'),
  5: string('hostIP'),
});

const envVar = message('EnvVar', { 1: string('name'), 2: string('value') });

const resources = message('ResourceRequirements', {
  1: map(quantity('limits')),
  2: map(quantity('requests')),
});

const container = message('Container', {
  1: string('name'),
  2: string('image'),
  3: list(string('command')),
  4: list(string('args')),
  5: string('workingDir'),
  6: list(nested('ports', containerPort)),
  7: list(nested('env', envVar)),
  8: nested('resources', resources),
  13: string('terminationMessagePath'),
  14: string('imagePullPolicy'),
  16: boolean('stdin'),
  17: boolean('stdinOnce'),
  18: boolean('tty'),
  20: string('terminationMessagePolicy'),
});

const podSpec = message('PodSpec', {
  2: list(nested('containers', container)),
  3: string('restartPolicy'),
  4: optionalInteger('terminationGracePeriodSeconds'),
  5: optionalInteger('activeDeadlineSeconds'),
  6: string('dnsPolicy'),
  7: map(string('nodeSelector')),
  8: string('serviceAccountName'),
  9: string('serviceAccount'),
  10: string('nodeName'),
  11: boolean('hostNetwork'),
  12: boolean('hostPID'),
  13: boolean('hostIPC'),
  15: list(nested('imagePullSecrets', message('LocalObjectReference', { 1: string('name') }))),
  16: string('hostname'),
  17: string('subdomain'),
  19: string('schedulerName'),
  20: list(nested('initContainers', container)),
  21: optionalBoolean('automountServiceAccountToken'),
  24: string('priorityClassName'),
});

const deploymentSpec = message('DeploymentSpec', {
  1: optionalInteger('replicas'),
  2: nested('selector', labelSelector),
  3: nested('template', message('PodTemplateSpec', { 1: metadata, 2: nested('spec', podSpec) })),
  4: nested(
    'strategy',
    message('DeploymentStrategy', {
      1: string('type'),
      2: nested(
        'rollingUpdate',
        message('RollingUpdateDeployment', { 1: intOrString('maxUnavailable'), 2: intOrString('maxSurge') }),
      ),
    }),
  ),
  5: integer('minReadySeconds'),
  6: optionalInteger('revisionHistoryLimit'),
  7: boolean('paused'),
  9: optionalInteger('progressDeadlineSeconds'),
});

const deploymentStatus = message('DeploymentStatus', {
  1: integer('observedGeneration'),
  2: integer('replicas'),
  3: integer('updatedReplicas'),
  4: integer('availableReplicas'),
  5: integer('unavailableReplicas'),
  7: integer('readyReplicas'),
  8: optionalInteger('collisionCount'),
});

const deployment = message('Deployment', {
  1: metadata,
  2: nested('spec', deploymentSpec),
  3: nested('status', deploymentStatus),
});

const deleteOptions = message('DeleteOptions', {
  1: optionalInteger('gracePeriodSeconds'),
  2: nested('preconditions', message('Preconditions', { 1: string('uid'), 2: string('resourceVersion') })),
  3: optionalBoolean('orphanDependents'),
  4: string('propagationPolicy'),
  5: list(string('dryRun')),
});

const resourceAttributes = message('ResourceAttributes', {
  1: string('namespace'),
  2: string('verb'),
  3: string('group'),
  4: string('version'),
  5: string('resource'),
  6: string('subresource'),
  7: string('name'),
});

const accessReviewStatus = message('SubjectAccessReviewStatus', {
  1: boolean('allowed'),
  2: string('reason'),
  3: string('evaluationError'),
  4: boolean('denied'),
});

const selfSubjectAccessReview = message('SelfSubjectAccessReview', {
  1: metadata,
  2: nested(
    'spec',
    message('SelfSubjectAccessReviewSpec', {
      1: nested('resourceAttributes', resourceAttributes),
      2: nested(
        'nonResourceAttributes',
        message('NonResourceAttributes', { 1: string('path'), 2: string('verb') }),
      ),
    }),
  ),
  3: nested('status', accessReviewStatus),
});

const selfSubjectRulesReview = message('SelfSubjectRulesReview', {
  1: metadata,
  2: nested('spec', message('SelfSubjectRulesReviewSpec', { 1: string('namespace') })),
  3: nested(
    'status',
    message('SubjectRulesReviewStatus', { 3: boolean('incomplete'), 4: string('evaluationError') }),
  ),
});

const selfSubjectReview = message('SelfSubjectReview', {
  1: metadata,
  2: nested(
    'status',
    message('SelfSubjectReviewStatus', {
      1: nested('userInfo', message('UserInfo', { 1: string('username'), 2: string('uid') })),
    }),
  ),
});

/** By apiVersion and kind, as they stand before the object. */
export const protobufKinds: ReadonlyMap<string, Message> = new Map([
  ['v1 Namespace', namespace],
  ['v1 Secret', secret],
  ['v1 ConfigMap', configMap],
  ['v1 DeleteOptions', deleteOptions],
  ['meta.k8s.io/v1 DeleteOptions', deleteOptions],
  ['apps/v1 Deployment', deployment],
  ['authorization.k8s.io/v1 SelfSubjectAccessReview', selfSubjectAccessReview],
  ['authorization.k8s.io/v1 SelfSubjectRulesReview', selfSubjectRulesReview],
  ['authentication.k8s.io/v1 SelfSubjectReview', selfSubjectReview],
]);
