import { type Secret, secrets } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { isPullSecret } from '../importer/index.ts';
import { Informer, type InformerOptions, keyOf, type Lister } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { Retries } from './retries.ts';

type Seen = { readonly isPullSecret: boolean };

/** What is kept of a secret: enough to know that it is another one. */
const project = (secret: Stored<Secret>): Seen => ({ isPullSecret: isPullSecret(secret) });

export type PullSecretPorts = Pick<
  InformerOptions<Secret, Seen>,
  'store' | 'clock' | 'logger' | 'onEvent'
> & {
  readonly streams: Lister<Stored<ImageStream>>;
  readonly retries: Retries;
  readonly enqueue: (key: ObjectKey) => void;
  /** Told of streams whose credentials are others: other work at their slots. */
  readonly observe: (key: ObjectKey) => void;
};

/** Watches pull secrets: when one changes, what failed for lack of it is tried again at once. */
export const createPullSecretInformer = (ports: PullSecretPorts): Informer<Secret, Seen> => {
  const { streams, retries, enqueue, observe } = ports;
  const informer = new Informer({ ...ports, resource: secrets, project });
  informer.onChange((old, current, { namespace }) => {
    const concerns = old?.isPullSecret === true || current?.isPullSecret === true;
    if (!informer.hasSynced || !concerns) return;
    retries.secretsChanged(namespace);
    for (const key of streams.list(namespace).map(keyOf)) {
      observe(key);
      if (retries.hurry(key)) enqueue(key);
    }
  });
  return informer;
};
