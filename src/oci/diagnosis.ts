import { type Facts, texts } from './diagnosis-texts.ts';
import type { CredentialTrial, RegistryError, RegistryFault } from './errors.ts';
import { formatRepository } from './reference.ts';
import type { Repository } from './types.ts';

/** What a failure is looked at with. */
export type DiagnosisContext = {
  /** As it was asked for. An error that knows which mirror it is about goes by that. */
  readonly repository: Repository;
  /** Whose pull secrets count; `undefined`: nobody's, but the logins of the person who asks. */
  readonly namespace?: string | undefined;
};

/** What a failure comes from, and what to do about it: one sentence each, without a full stop. */
export type Diagnosis = {
  readonly fault: RegistryFault;
  readonly cause: string;
  readonly advice: string;
};

const sourcesThat = (trials: readonly CredentialTrial[], outcome: CredentialTrial['outcome']): string =>
  [...new Set(trials.filter((trial) => trial.outcome === outcome).map(({ source }) => source))].join(', ');

const loginAdvice = (registry: string, namespace: string | undefined): string =>
  namespace === undefined
    ? `log in with "docker login ${registry}" or "podman login ${registry}"`
    : `create a pull secret with "kubectl -n ${namespace} create secret docker-registry NAME --docker-server=${registry} --docker-username=… --docker-password=…"`;

/**
 * Why a request to a registry failed and what to do, in sentences for people. The one place that says so: pure, and complete over
 * every {@link RegistryFault}.
 */
export const diagnose = (error: RegistryError, { namespace, ...asked }: DiagnosisContext): Diagnosis => {
  const repository = error.repository ?? asked.repository;
  const { registry } = repository;
  const host = error.host ?? registry;
  const facts: Facts = {
    error,
    repository: formatRepository(repository),
    registry,
    host,
    refused: sourcesThat(error.credentials, 'refused'),
    insufficient: sourcesThat(error.credentials, 'insufficient'),
    silent: sourcesThat(error.credentials, 'nothing'),
    howToLogIn: loginAdvice(registry, namespace),
    who: error.operation === 'token' ? `the token server ${host}` : registry,
  };
  return { fault: error.fault, ...texts[error.fault](facts) };
};
