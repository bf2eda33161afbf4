import type { ManagedFieldsEntry } from './meta.ts';

/** Who wrote a field last, as `metadata.managedFields` says. */
export type FieldOwner = {
  /** Name of the field manager, e.g. `argocd-controller`. */
  readonly manager: string;
  /** Whether it applies what it wants again and again, as GitOps does: not a change by hand. */
  readonly isApplier: boolean;
};

/** Field managers of programs that apply manifests, with the names that people know. */
const appliers: Readonly<Record<string, string>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
  helm: 'Helm',
  Helm: 'Helm',
  'kubectl-client-side-apply': 'kubectl apply',
  kubectl: 'kubectl apply --server-side',
};

/** `Argo CD (field manager argocd-controller)`, or, of one that is not known, the field manager alone. */
export const describeOwner = ({ manager }: FieldOwner): string =>
  appliers[manager] === undefined
    ? `the field manager ${manager}`
    : `${appliers[manager]} (field manager ${manager})`;

const has = (fields: unknown, path: readonly string[]): boolean => {
  const [step, ...rest] = path;
  if (step === undefined) return true;
  return typeof fields === 'object' && fields !== null && step in fields
    ? has((fields as Readonly<Record<string, unknown>>)[step], rest)
    : false;
};

/**
 * Who owns a field, the last who wrote where several do; undefined where nobody does, or only `except`.
 *
 * @param path the steps of `fieldsV1`, e.g. `f:spec`, `k:{"name":"web"}`.
 */
export const ownerOfField = (
  managedFields: readonly ManagedFieldsEntry[],
  path: readonly string[],
  except: string,
): FieldOwner | undefined => {
  const [last] = managedFields
    .filter(({ manager, fieldsV1 }) => manager !== except && has(fieldsV1, path))
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  if (last?.manager === undefined) return undefined;
  const { manager, operation } = last;
  return { manager, isApplier: operation === 'Apply' || appliers[manager] !== undefined };
};
