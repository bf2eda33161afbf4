import {
  type Access,
  anonymous,
  createKeychain,
  createRegistryClient,
  type Keychain,
  parseDockerConfig,
  parseReference,
  type Reference,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../src/oci/index.ts';

/** What each test gets to wait for answers with. */
export const inTime = (): AbortSignal => AbortSignal.timeout(20_000);

/** The reference that a text stands for. */
export const referenceOf = (text: string): Reference => {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
};

/** What a docker config with these `auths` opens. */
export const keychainOf = (auths: Readonly<Record<string, object>>): Keychain => {
  const { entries, problems } = parseDockerConfig(JSON.stringify({ auths }), 'test');
  if (problems.length > 0) throw new Error(problems.join());
  return createKeychain(entries);
};

/** Nobody's credentials, and plain http. */
export const insecurely: Access = { keychain: anonymous, insecure: true };

/** What has to be undone after a test, the last first. */
export const createCleanups = () => {
  const cleanups: (() => unknown)[] = [];
  return {
    add: (cleanup: () => unknown): void => {
      cleanups.push(cleanup);
    },
    /** Has something that was started stop in the end. */
    track: async <Started extends { readonly stop: () => unknown }>(
      starting: Promise<Started>,
    ): Promise<Started> => {
      const started = await starting;
      cleanups.push(started.stop);
      return started;
    },
    /** A client that tries everything once, for its failures to be seen. */
    client: (options: RegistryClientOptions = {}): RegistryClient => {
      const client = createRegistryClient({ retryPolicy: () => undefined, ...options });
      cleanups.push(() => client.close());
      return client;
    },
    run: async (): Promise<void> => {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    },
  };
};
