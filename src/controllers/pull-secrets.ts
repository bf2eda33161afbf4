import { excludeSecretAnnotation } from '../api/annotations.ts';
import { type Secret, secrets } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { isPullSecret, pullSecretTypes } from '../importer/index.ts';
import { Informer, type InformerOptions, keyOf, type Lister, type Source } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { Retries } from './retries.ts';

/** What is kept of a secret: what a keychain is made from. */
const project = (secret: Stored<Secret>): Stored<Secret> => {
  const { apiVersion, kind, type = '', data = {}, metadata } = secret;
  const { name, namespace, uid, resourceVersion, creationTimestamp, annotations } = metadata;
  const excluded = annotations?.[excludeSecretAnnotation];
  return {
    apiVersion,
    kind,
    type,
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(namespace === undefined ? {} : { namespace }),
      ...(excluded === undefined ? {} : { annotations: { [excludeSecretAnnotation]: excluded } }),
    },
    ...(isPullSecret(secret) ? { data } : {}),
  };
};

/** Hears of pull secrets that are other ones now. Only secrets of the types that hold registry credentials are ever asked for. */
export type PullSecretChanges = {
  readonly sources: readonly Source[];
  readonly hasSynced: () => boolean;
  /** Told of namespaces whose pull secrets are other ones now. */
  readonly onChange: (handler: (namespace: string) => void) => void;
  /** Names the namespaces where something failed for lack of credentials. Absent: all changes are heard of. */
  readonly whileWaiting?: (namespaces: () => Iterable<string>) => void;
};

/** The pull secrets as last seen. */
export type PullSecrets = PullSecretChanges & {
  readonly list: (namespace: string) => readonly Secret[];
};

/** Watches pull secrets: a selector names one type, so there is one watch for each. */
export const createPullSecrets = (
  options: Pick<InformerOptions<Secret, Stored<Secret>>, 'store' | 'clock' | 'logger' | 'onEvent'>,
): PullSecrets => {
  const informers = pullSecretTypes.map(
    (type) =>
      new Informer({
        ...options,
        resource: secrets,
        selection: { fields: [{ path: 'type', operator: '=', value: type }] },
        project,
      }),
  );
  const hasSynced = (): boolean => informers.every((informer) => informer.hasSynced);
  const concerns = (secret: Secret | undefined): boolean => secret !== undefined && isPullSecret(secret);
  return {
    sources: informers,
    hasSynced,
    list: (namespace) =>
      informers
        .flatMap((informer) => informer.list(namespace))
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    onChange: (handler) => {
      for (const informer of informers)
        informer.onChange((old, current, { namespace }) => {
          if (hasSynced() && (concerns(old) || concerns(current))) handler(namespace);
        });
    },
  };
};

export type HurryPorts = {
  readonly pullSecrets: PullSecretChanges;
  readonly streams: Lister<Stored<ImageStream>>;
  readonly retries: Retries;
  readonly enqueue: (key: ObjectKey) => void;
  /** Told of streams whose credentials are others: other work at their slots. */
  readonly observe: (key: ObjectKey) => void;
};

/** When a pull secret changes, what failed for lack of it is tried again at once. */
export const hurryOnChange = ({ pullSecrets, streams, retries, enqueue, observe }: HurryPorts): void => {
  pullSecrets.whileWaiting?.(retries.awaitingCredentials);
  pullSecrets.onChange((namespace) => {
    retries.secretsChanged(namespace);
    for (const key of streams.list(namespace).map(keyOf)) {
      observe(key);
      if (retries.hurry(key)) enqueue(key);
    }
  });
};
