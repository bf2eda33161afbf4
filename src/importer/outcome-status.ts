import { failure, type Status, type StatusDetails, type StatusReason } from '../api/status.ts';
import { RegistryError, type RegistryErrorCode } from '../oci/errors.ts';

/** A status of many tags must stay a small object. */
const maxMessageLength = 1024;

/** What an error says of itself: a reason, and a sentence about `subject`, the reference as text. */
type Wording = {
  readonly reason: StatusReason;
  readonly sentence: (subject: string, error: RegistryError) => string;
};

/** The original's own sentence where it has one: users of `oc` know it, and scripts look for it. */
const missing: Wording = {
  reason: 'NotFound',
  sentence: (subject) => `dockerimage.image.openshift.io "${subject}" not found`,
};

/** The message of the error names the request, and so the reference. */
const because =
  (what: string): Wording['sentence'] =>
  (_subject, error) =>
    `${what}: ${error.message}`;

const wordings: Readonly<Record<RegistryErrorCode, Wording>> = {
  'manifest-unknown': missing,
  'name-unknown': missing,
  'not-found': {
    reason: 'NotFound',
    sentence: (subject, error) => `the registry lacks a part of "${subject}": ${error.message}`,
  },
  unauthorized: {
    reason: 'Unauthorized',
    sentence: (subject) => `you may not have access to the container image "${subject}"`,
  },
  denied: {
    reason: 'Forbidden',
    sentence: (subject) => `the registry denies access to the container image "${subject}"`,
  },
  'rate-limited': {
    reason: 'TooManyRequests',
    sentence: (subject) => `the registry allows no more requests for now, so "${subject}" was not imported`,
  },
  unavailable: { reason: 'ServiceUnavailable', sentence: because('the registry cannot be reached') },
  timeout: { reason: 'Timeout', sentence: because('the registry did not answer in time') },
  certificate: {
    reason: 'InvalidCertificate',
    sentence: because('there is no trusted connection to the registry'),
  },
  'http-not-https': {
    reason: 'BadRequest',
    sentence: (subject) =>
      `the repository of "${subject}" is HTTP only and requires the insecure flag to import`,
  },
  'digest-mismatch': {
    reason: 'InvalidResponse',
    sentence: because('the registry sent other content than its digest says'),
  },
  'too-large': {
    reason: 'InvalidResponse',
    sentence: because('the registry sent more than is accepted'),
  },
  'unsupported-media-type': {
    reason: 'UnsupportedMediaType',
    sentence: because('the registry sent a kind of manifest that cannot be imported'),
  },
  'invalid-response': {
    reason: 'InvalidResponse',
    sentence: because('the registry sent an answer that makes no sense'),
  },
  redirect: { reason: 'InvalidResponse', sentence: because('the registry redirects wrongly') },
  blocked: { reason: 'Forbidden', sentence: because('this program is set up not to ask the registry') },
};

const detailsOf = (subject: string, error: RegistryError): StatusDetails | undefined => {
  if (wordings[error.code] === missing) {
    return { name: subject, group: 'image.openshift.io', kind: 'dockerimage' };
  }
  return error.retryAfterMs === undefined
    ? undefined
    : { retryAfterSeconds: Math.ceil(error.retryAfterMs / 1000) };
};

/**
 * What a registry's refusal means to a user: a reason (design: never `InternalError` for what a registry did) and one sentence.
 * `subject` is the reference as text.
 *
 * @throws whatever is no RegistryError: a stop or a bug, neither of which is an outcome.
 */
export const statusOfError = (error: unknown, subject: string): Status => {
  if (!(error instanceof RegistryError)) throw error;
  const { reason, sentence } = wordings[error.code];
  const said = sentence(subject, error);
  // Where mirrors were asked too, whoever reads this has to know which place said what.
  const message =
    error.besides.length === 0 || said.includes(error.message) ? said : `${said}: ${error.message}`;
  return failure(reason, message.slice(0, maxMessageLength), detailsOf(subject, error));
};
