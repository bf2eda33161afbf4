import { isDeepStrictEqual } from 'node:util';
import { type Deployment, deployments } from '../../api/core.ts';
import { duplicate, type FieldError, invalid, required, rootPath } from '../../api/field-error.ts';
import type { Column } from '../rest-storage.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { withDeploymentDefaults } from './deployment-defaults.ts';
import { validateNamespacedMeta } from './object-rules.ts';

type Requirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };
type Selector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
};
const counts = ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'] as const;

/** The parts of a spec and a status that the schema leaves open. */
type OpenSpec = { readonly selector?: Selector } & {
  readonly [Count in (typeof counts)[number]]?: number;
};
type OpenStatus = {
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
};

const openSpec = ({ spec }: Deployment): OpenSpec => (spec ?? {}) as OpenSpec;
const openStatus = ({ status }: Deployment): OpenStatus => (status ?? {}) as OpenStatus;

const operators: Readonly<Record<string, string>> = { In: 'in', NotIn: 'notin' };

const formatRequirement = ({ key, operator, values = [] }: Requirement): string => {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operators[operator] ?? operator} (${values.toSorted().join(',')})`;
};

const formatSelector = ({ matchLabels = {}, matchExpressions = [] }: Selector = {}): string => {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(formatRequirement),
  ];
  return parts.length === 0 ? '<none>' : parts.toSorted().join(',');
};

const containersOf = ({ spec }: Deployment) => spec?.template.spec?.containers ?? [];

const column = (
  name: string,
  priority: 0 | 1,
  description: string,
  cell: Column<Deployment>['cell'],
): Column<Deployment> => ({ name, type: 'string', description, priority, cell });

const specPath = rootPath.child('spec');
const templatePath = specPath.child('template');

const validateContainers = (deployment: Deployment): readonly FieldError[] => {
  const path = templatePath.child('spec').child('containers');
  const containers = containersOf(deployment);
  if (containers.length === 0) return [required(path)];
  return containers.flatMap(({ name, image = '' }, index) => [
    ...(name === '' ? [required(path.key(index).child('name'))] : []),
    ...(containers.findIndex((other) => other.name === name) < index
      ? [duplicate(path.key(index).child('name'), name)]
      : []),
    ...(image === '' ? [required(path.key(index).child('image'))] : []),
  ]);
};

/** No selector selects nothing. */
const validateTemplateLabels = (
  deployment: Deployment,
  matchLabels: Readonly<Record<string, string>> | undefined,
): readonly FieldError[] => {
  const metadata = deployment.spec?.template.metadata ?? {};
  const labels = (metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
  const isSelected =
    matchLabels !== undefined && Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return isSelected
    ? []
    : [
        invalid(
          templatePath.child('metadata').child('labels'),
          labels,
          '`selector` does not match template `labels`',
        ),
      ];
};

const validateSelector = (deployment: Deployment): readonly FieldError[] => {
  const { selector } = openSpec(deployment);
  const path = specPath.child('selector');
  if (selector === undefined) return [required(path), ...validateTemplateLabels(deployment, undefined)];
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0)
    return [invalid(path, selector, 'empty selector is invalid for deployment')];
  return validateTemplateLabels(deployment, matchLabels);
};

const validateCounts = (deployment: Deployment): readonly FieldError[] =>
  counts.flatMap((name) => {
    const count = openSpec(deployment)[name] ?? 0;
    return count < 0 ? [invalid(specPath.child(name), count, 'must be greater than or equal to 0')] : [];
  });

/** @see kubernetes/pkg/apis/apps/validation `ValidateDeployment` */
const validate = (deployment: Deployment): readonly FieldError[] => {
  const ofMetadata = validateNamespacedMeta(deployment);
  if (deployment.spec === undefined) return [...ofMetadata, required(specPath)];
  return [
    ...ofMetadata,
    ...validateCounts(deployment),
    ...validateSelector(deployment),
    ...validateContainers(deployment),
  ];
};

/** Deployments, kept for whoever acts on them: nothing here makes pods of them. */
export const deploymentStrategy: Strategy<Deployment> = {
  resource: deployments,
  columns: [
    nameColumn,
    column('Ready', 0, 'Pods that are ready, of those that are wanted.', (deployment) => {
      const wanted = openSpec(deployment).replicas ?? 0;
      return `${openStatus(deployment).readyReplicas ?? 0}/${wanted}`;
    }),
    column(
      'Up-to-date',
      0,
      'Pods of the newest template.',
      (deployment) => openStatus(deployment).updatedReplicas ?? 0,
    ),
    column(
      'Available',
      0,
      'Pods that are available.',
      (deployment) => openStatus(deployment).availableReplicas ?? 0,
    ),
    ageColumn,
    column('Containers', 1, 'Names of the containers.', (deployment) =>
      containersOf(deployment)
        .map(({ name }) => name)
        .join(','),
    ),
    column('Images', 1, 'Images of the containers.', (deployment) =>
      containersOf(deployment)
        .map(({ image }) => image ?? '')
        .join(','),
    ),
    column('Selector', 1, 'Which pods belong to it.', (deployment) =>
      formatSelector(openSpec(deployment).selector),
    ),
  ],
  applyDefaults: withDeploymentDefaults,
  prepareForCreate: (deployment) => ({ ...deployment, status: {} }),
  validate,
  validateUpdate: (next, old) => [
    ...validate(next),
    ...(isDeepStrictEqual(openSpec(next).selector, openSpec(old).selector)
      ? []
      : [invalid(specPath.child('selector'), openSpec(next).selector ?? null, 'field is immutable')]),
  ],
};
