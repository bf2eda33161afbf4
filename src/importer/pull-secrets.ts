import { excludeSecretAnnotation } from '../api/annotations.ts';
import type { Secret } from '../api/core.ts';
import { type CredentialEntry, createKeychain, type Keychain, parseDockerConfig } from '../oci/index.ts';
import type { Keychains } from './types.ts';

export type PullSecretPorts = {
  readonly listSecrets: (namespace: string, signal: AbortSignal) => Promise<readonly Secret[]>;
  /** What the operator configured for every namespace; the same array as long as nothing changed. */
  readonly readShared: () => Promise<readonly CredentialEntry[]>;
  /** Told once of each thing that could not be read; the rest is used. The sentence holds no secret. */
  readonly onProblem: (problem: { readonly namespace: string; readonly message: string }) => void;
};

/** Types of secrets that hold registry credentials, each with the key of its data. */
const dataKeys: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

/** The types of secrets that hold registry credentials. */
export const pullSecretTypes: readonly string[] = Object.keys(dataKeys);

/** Whether a secret holds registry credentials that imports may use. */
export const isPullSecret = (secret: Secret): boolean =>
  (secret.type ?? '') in dataKeys && secret.metadata.annotations?.[excludeSecretAnnotation] !== 'true';

const textOf = (secret: Secret): string =>
  Buffer.from(secret.data?.[dataKeys[secret.type ?? ''] ?? ''] ?? '', 'base64').toString('utf8');

/** Stands for the contents of secrets: a revision names them exactly. */
const versionOf = (secrets: readonly Secret[]): string =>
  secrets.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).join();

type Cached = {
  readonly version: string;
  readonly shared: readonly CredentialEntry[];
  readonly keychain: Keychain;
};

/**
 * The keychain of each namespace: its pull secrets in order of their names, then what the operator configured for all. A secret that
 * cannot be read is reported and skipped: it is not the fault of the others. No secret makes a program run, whatever it names.
 */
export const createKeychains = ({ listSecrets, readShared, onProblem }: PullSecretPorts): Keychains => {
  const cache = new Map<string, Cached>();
  const parse = (namespace: string, text: string, source: string): readonly CredentialEntry[] => {
    const { entries, problems } = parseDockerConfig(text, source);
    for (const message of problems) onProblem({ namespace, message });
    return entries;
  };
  return async (namespace, signal) => {
    const secrets = (await listSecrets(namespace, signal)).filter(isPullSecret);
    const shared = await readShared();
    const version = versionOf(secrets);
    const cached = cache.get(namespace);
    if (cached?.version === version && cached.shared === shared) return cached.keychain;
    const keychain = createKeychain([
      ...secrets.flatMap((secret) =>
        parse(namespace, textOf(secret), `secret ${namespace}/${secret.metadata.name}`),
      ),
      ...shared,
    ]);
    if (secrets.length === 0) cache.delete(namespace);
    else cache.set(namespace, { version, shared, keychain });
    return keychain;
  };
};
