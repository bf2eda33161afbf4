import { type Secret, secrets } from '../api/core.ts';
import { pullSecretTypes } from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Source } from '../runtime/index.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { PullSecretChanges } from './pull-secrets.ts';

export type NamespaceSecretsPorts = {
  readonly store: Pick<Store, 'list'>;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Pull secrets that are read namespace by namespace, where a role of that namespace lets us. */
export type NamespaceSecrets = PullSecretChanges & {
  /** The pull secrets of a namespace as they are now, or were a moment ago; none where they may not be read. */
  readonly read: (namespace: string, signal: AbortSignal) => Promise<readonly Secret[]>;
  /** What to tell of an import that failed for lack of credentials; undefined where the secrets were read. */
  readonly problem: (namespace: string) => string | undefined;
};

/** So long an answer will do: the imports of one namespace come in crowds. */
const freshMs = 5_000;
/** How often the secrets of namespaces that wait for some are looked at. */
const lookEveryMs = 15_000;
/** Namespaces that are looked at each time: a thousand that wait take their turns. */
const maxLooks = 10;

type Known = { readonly atMs: number; readonly version: string; readonly secrets: readonly Secret[] };

/** Stands for a namespace whose secrets may not be read. */
const refused = 'refused';

const versionOf = (found: readonly Secret[]): string =>
  found.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ''}`).join();

/** Lists pull secrets; resolves to undefined where that is not allowed. */
const listSecrets = async (
  store: NamespaceSecretsPorts['store'],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Secret[] | undefined> => {
  const found: Secret[] = [];
  try {
    for (const type of pullSecretTypes) {
      const fields = [{ path: 'type', operator: '=', value: type } as const];
      found.push(...(await store.list(secrets, { namespace, fields }, signal)).items);
    }
  } catch (error) {
    if (isStoreError(error, 'forbidden')) return undefined;
    throw error;
  }
  return found.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
};

/** Takes from the front of a set, which gets behind those that were not taken. */
const nextOf = (all: readonly string[], after: string | undefined, count: number): readonly string[] => {
  const sorted = all.toSorted();
  const start = after === undefined ? 0 : sorted.findIndex((one) => one > after);
  const turned = start <= 0 ? sorted : [...sorted.slice(start), ...sorted.slice(0, start)];
  return turned.slice(0, count);
};

/** Does the work again and again, and has nothing that others wait for. */
const repeating = (clock: Clock, work: (signal: AbortSignal) => Promise<void>): Source => ({
  run: async (signal) => {
    try {
      for (;;) {
        await clock.sleep(lookEveryMs, signal);
        await work(signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
  synced: () => Promise.resolve(),
  settled: () => Promise.resolve(),
});

/**
 * Reads pull secrets when they are needed. Nothing is watched: that would take a watch for each namespace, and a watch goes on when the
 * role that allowed it is gone. Namespaces that wait for credentials are looked at again and again, so a secret or a role that comes is
 * noticed within seconds.
 */
export const createNamespaceSecrets = ({ store, clock, logger }: NamespaceSecretsPorts): NamespaceSecrets => {
  const known = new Map<string, Known>();
  const handlers: ((namespace: string) => void)[] = [];
  let waiting: () => Iterable<string> = () => [];
  let last: string | undefined;

  const look = async (namespace: string, signal: AbortSignal): Promise<Known> => {
    const found = await listSecrets(store, namespace, signal);
    const before = known.get(namespace);
    const now: Known = {
      atMs: clock.monotonic(),
      version: found === undefined ? refused : versionOf(found),
      secrets: found ?? [],
    };
    known.set(namespace, now);
    if (before !== undefined && before.version !== now.version)
      for (const handler of handlers) handler(namespace);
    return now;
  };

  const lookAtWaiting = async (signal: AbortSignal): Promise<void> => {
    const namespaces = nextOf([...new Set(waiting())], last, maxLooks);
    last = namespaces.at(-1);
    for (const namespace of namespaces) {
      try {
        await look(namespace, signal);
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ err: error, namespace }, 'cannot read the pull secrets of a namespace');
      }
    }
  };

  return {
    sources: [repeating(clock, lookAtWaiting)],
    hasSynced: () => true,
    onChange: (handler) => void handlers.push(handler),
    whileWaiting: (namespaces) => {
      waiting = namespaces;
    },
    read: async (namespace, signal) => {
      const last = known.get(namespace);
      const isFresh = last !== undefined && clock.monotonic() - last.atMs < freshMs;
      return (isFresh ? last : await look(namespace, signal)).secrets;
    },
    problem: (namespace) =>
      known.get(namespace)?.version === refused
        ? `the secrets of the namespace "${namespace}" may not be read; a RoleBinding there to the ClusterRole imagestreams-pull-secrets lets the controller`
        : undefined,
  };
};
