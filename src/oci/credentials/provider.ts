import { join } from 'node:path';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import type { Credential, Repository } from '../types.ts';
import { basicCredential, helperId } from './credential.ts';
import type { HelperPorts } from './docker-helper.ts';
import { type CredentialEntry, createKeychain, parseMatch } from './keychain.ts';
import { createProblemReporter } from './problems.ts';
import { type Provider, parseCacheDuration } from './provider-config.ts';

/** What an answer is good for: this repository, its registry, or everything that the provider matches. */
type CacheKeyType = 'Image' | 'Registry' | 'Global';

const cacheKeyTypes: readonly CacheKeyType[] = ['Image', 'Registry', 'Global'];

type Parsed = {
  readonly keyType: CacheKeyType;
  readonly cacheMs: number;
  readonly entries: readonly CredentialEntry[];
};

/** An answer with what it is good for and until when. */
type Answer = {
  readonly keyType: CacheKeyType;
  readonly key: string;
  readonly entries: readonly CredentialEntry[];
  readonly untilMs: number;
};

/** A provider that fails is asked again after so long. */
const failureMs = 60_000;

const keyOf = (keyType: CacheKeyType, { registry, repository }: Repository): string => {
  switch (keyType) {
    case 'Image':
      return `image ${registry}/${repository}`;
    case 'Registry':
      return `registry ${registry}`;
    case 'Global':
      return 'global';
  }
};

const isKeyType = (value: unknown): value is CacheKeyType => cacheKeyTypes.some((type) => type === value);

const parseAuth = (auth: unknown, source: string): readonly CredentialEntry[] | undefined => {
  if (auth === undefined || auth === null) return [];
  if (!isJsonObject(auth)) return undefined;
  return Object.entries(auth).flatMap(([image, config]) => {
    const match = parseMatch(image);
    const { username, password } = isJsonObject(config) ? config : {};
    if (match === undefined || typeof username !== 'string' || typeof password !== 'string') return [];
    return [{ match, credential: basicCredential(username, password, source) }];
  });
};

/** What a provider wrote, or a sentence why it is no answer. */
const parseResponse = (output: string, provider: Provider, source: string): Parsed | string => {
  const response = parseJsonObject(Buffer.from(output));
  if (response === undefined) return 'its answer is no JSON object';
  if (response['kind'] !== 'CredentialProviderResponse' || response['apiVersion'] !== provider.apiVersion)
    return `its answer is no CredentialProviderResponse of ${provider.apiVersion}`;
  const keyType = response['cacheKeyType'];
  if (!isKeyType(keyType)) return 'its answer has no known cacheKeyType';
  const duration = response['cacheDuration'];
  const cacheMs =
    duration === undefined || duration === null ? provider.defaultCacheMs : parseCacheDuration(duration);
  if (cacheMs === undefined) return 'its cacheDuration is no duration';
  const entries = parseAuth(response['auth'], source);
  return entries === undefined ? 'its auth is no object' : { keyType, cacheMs, entries };
};

const matching = (entries: readonly CredentialEntry[], repository: Repository): readonly Credential[] =>
  createKeychain(entries)(repository).filter((offer) => offer.kind !== 'helper');

/** Asks one provider; as {@link HelperPorts} say. */
const createAsk = (provider: Provider, file: string, { run, clock, onProblem }: HelperPorts) => {
  const kept = createBoundedMap<Answer>(10_000);
  const flight = createSingleFlight<Answer>();
  const problems = createProblemReporter(onProblem);
  const { name, apiVersion, args, env } = provider;
  /** What the last answer was good for: until there is one, the first question waits alone. */
  let lastKeyType: CacheKeyType = 'Global';

  const request = async (repository: Repository, signal: AbortSignal): Promise<Parsed | string> => {
    const image = `${repository.registry}/${repository.repository}`;
    const input = JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion, image });
    const outcome = await run({ file, args, input, env }, signal);
    if (!outcome.ok) return outcome.problem;
    if (outcome.exitCode !== 0) return `it ended with code ${outcome.exitCode ?? 'none'}`;
    return parseResponse(outcome.output, provider, `credential provider ${name}`);
  };

  const ask = async (repository: Repository, signal: AbortSignal): Promise<Answer> => {
    const parsed = await request(repository, signal);
    const subject = `credential provider ${name}, asked for ${repository.registry}`;
    if (typeof parsed === 'string') problems.failed(subject, parsed);
    else problems.worked(subject);
    // One registry that a provider cannot serve says nothing of the others.
    const failure: Parsed = { keyType: 'Registry', cacheMs: failureMs, entries: [] };
    const { keyType, cacheMs, entries } = typeof parsed === 'string' ? failure : parsed;
    const key = keyOf(keyType, repository);
    const answer = { keyType, key, entries, untilMs: clock.monotonic() + cacheMs };
    lastKeyType = keyType;
    kept.set(key, answer);
    return answer;
  };

  const find = (repository: Repository): Answer | undefined =>
    cacheKeyTypes
      .map((keyType) => kept.get(keyOf(keyType, repository)))
      .find((answer) => answer !== undefined && answer.untilMs > clock.monotonic());

  return async (repository: Repository, signal: AbortSignal): Promise<readonly Credential[]> => {
    for (;;) {
      const answer =
        find(repository) ??
        (await flight(keyOf(lastKeyType, repository), (inner) => ask(repository, inner), signal));
      // The answer to somebody else's question may not be good for this one.
      if (answer.key === keyOf(answer.keyType, repository)) return matching(answer.entries, repository);
    }
  };
};

/**
 * The entries of a keychain for a provider, one per image that it matches: it is run when a registry demands proof, once per what its
 * answers are good for, and its answers are kept as long as they say.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/
 */
export const providerEntries = (
  provider: Provider,
  { binDir, source }: { readonly binDir: string; readonly source: string },
  ports: HelperPorts,
): readonly CredentialEntry[] => {
  const { name, apiVersion, args, env } = provider;
  const file = join(binDir, name);
  const ask = createAsk(provider, file, ports);
  const helper = (repository: Repository) => ({
    kind: 'helper' as const,
    id: helperId([file, apiVersion, args, env, repository.registry, repository.repository]),
    program: name,
    source: `credential provider ${name} (${source})`,
    ask: (signal: AbortSignal) => ask(repository, signal),
  });
  return provider.matchImages.map((match) => ({ match, helper }));
};
