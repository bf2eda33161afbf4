import type { FieldError } from '../api/field-error.ts';
import { invalidStatus, StatusError } from '../api/status.ts';

/** The kinds that hold what a write asks for besides its object. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

const kinds: ReadonlyMap<string, OptionsKind> = new Map([
  ['PUT', 'UpdateOptions'],
  ['PATCH', 'PatchOptions'],
  ['DELETE', 'DeleteOptions'],
]);

/** The options that the query of a request holds. */
export const optionsKindOf = (method: string): OptionsKind => kinds.get(method) ?? 'CreateOptions';

/** 422: one of the options is not what it may be. */
export const invalidOptionsError = (kind: OptionsKind, error: FieldError): StatusError =>
  new StatusError(invalidStatus({ group: 'meta.k8s.io', kind, name: '' }, [error]));
