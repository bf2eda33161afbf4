import Type from 'typebox';
import { type FieldError, formatFieldError } from './field-error.ts';
import type { Value } from './schema.ts';

export const StatusCauseSchema = Type.Object({
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  field: Type.Optional(Type.String()),
});

/**
 * `meta.k8s.io/v1` Status: how every failed request is answered.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export const StatusSchema = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: Type.Optional(
    Type.Object({ continue: Type.Optional(Type.String({ description: 'With Expired: how to go on.' })) }),
  ),
  status: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  code: Type.Optional(Type.Integer({ format: 'int32' })),
  details: Type.Optional(
    Type.Object({
      name: Type.Optional(Type.String()),
      group: Type.Optional(Type.String()),
      kind: Type.Optional(Type.String()),
      uid: Type.Optional(Type.String()),
      causes: Type.Optional(Type.Array(StatusCauseSchema)),
      retryAfterSeconds: Type.Optional(Type.Integer({ format: 'int32' })),
    }),
  ),
});
export type Status = Value<typeof StatusSchema>;
export type StatusDetails = NonNullable<Status['details']>;

/** Reasons that this program gives, each with its HTTP code. */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
  InvalidCertificate: 502,
  InvalidResponse: 502,
} as const;
export type StatusReason = keyof typeof statusCodes;

/** A `Failure` Status. */
export const failure = (reason: StatusReason, message: string, details?: StatusDetails): Status => ({
  status: 'Failure',
  message,
  reason,
  ...(details === undefined ? {} : { details }),
  code: statusCodes[reason],
});

/** The 422 of an object that breaks rules: `<resource> "<name>" is invalid: …`, one cause per field error. */
export const invalidStatus = (
  object: { readonly group: string; readonly kind: string; readonly name: string },
  errors: readonly FieldError[],
): Status => {
  const texts = errors.map(formatFieldError);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = object.group === '' ? object.kind : `${object.kind}.${object.group}`;
  return failure('Invalid', `${qualified} "${object.name}" is invalid: ${list}`, {
    name: object.name,
    group: object.group,
    kind: object.kind,
    causes: errors.map((error) => ({
      reason: error.type,
      message: error.message,
      field: error.path || '[]',
    })),
  });
};

/** An API failure on its way to whoever asked; the boundary turns it into its {@link Status}. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status, options: { readonly cause?: unknown } = {}) {
    super(status.message ?? status.reason ?? 'request failed', options);
    this.status = status;
  }
}
