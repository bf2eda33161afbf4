import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamGrant } from '../api/image-stream-grant.ts';
import type { Stored } from '../api/meta.ts';
import { isReferencePermitted, type ReferencedStream } from '../api/reference-grants.ts';
import { imageStreamGrants, imageStreams } from '../api/resources.ts';
import { awaitedStreams, type ReferenceFacts } from '../api/settle-references.ts';
import { sourceKey } from '../api/tag-resolution.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  createInformer,
  formatKey,
  KeyIndex,
  type OnRuntime,
  parseKey,
  type Source,
} from '../runtime/index.ts';
import type { ObjectKey, Store } from '../store/store.ts';

/**
 * How references to streams of other namespaces are judged: `unrestricted` where one administrator writes everything and the API resolves
 * tags as they are written (`serve`); `by-grant` where nobody knows who wrote a spec, and the controllers resolve (a cluster).
 */
export type ReferenceMode = 'unrestricted' | 'by-grant';

/** Who may refer to which stream, as far as is known now. */
export type Permissions = {
  /** Informers that have to have synced before anything is refused. */
  readonly sources: readonly Source[];
  readonly isPermitted: (referrer: string, to: ReferencedStream) => boolean;
  /** Told of namespaces whose streams may be open to others than before. */
  readonly onChange: (handler: (namespace: string) => void) => void;
};

/** What both stand on. */
type GrantPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
};

const everything: Permissions = { sources: [], isPermitted: () => true, onChange: () => undefined };

/** Reads the grants, where they count. */
const createPermissions = (mode: ReferenceMode, ports: GrantPorts): Permissions => {
  if (mode === 'unrestricted') return everything;
  const grants = createInformer<ImageStreamGrant>({ ...ports, resource: imageStreamGrants });
  return {
    sources: [grants],
    isPermitted: (referrer, to) => isReferencePermitted(grants.list(to.namespace), referrer, to),
    onChange: (handler) => grants.onChange((_old, _current, { namespace }) => handler(namespace)),
  };
};

/** The streams that others wait for, and what these need to know of them. */
export type References = {
  readonly permissions: Permissions;
  /** What the reconciler needs to resolve the tags of a stream; undefined where they are resolved as they are written. */
  readonly factsFor: (
    stream: Stored<ImageStream>,
    signal: AbortSignal,
  ) => Promise<ReferenceFacts | undefined>;
  /** To be told of every stream as it is now. */
  readonly observe: (key: ObjectKey, stream: Stored<ImageStream> | undefined) => void;
};

const namespaceKey = (namespace: string): string => formatKey({ namespace, name: '' });

/** Has streams looked at again when one that they wait for changes, or may be referred to from now on. */
export const createReferences = (
  mode: ReferenceMode,
  ports: GrantPorts & { readonly enqueue: (key: ObjectKey) => void },
): References => {
  const permissions = createPermissions(mode, ports);
  if (mode === 'unrestricted')
    return { permissions, factsFor: async () => undefined, observe: () => undefined };
  const { store, enqueue } = ports;
  const waiting = new KeyIndex();
  const wake = (reference: string): void => {
    for (const referrer of waiting.referrers(reference)) enqueue(parseKey(referrer));
  };
  permissions.onChange((namespace) => wake(namespaceKey(namespace)));

  return {
    permissions,
    factsFor: async (stream, signal) => {
      const { namespace = '' } = stream.metadata;
      const isPermitted = (to: ReferencedStream): boolean => permissions.isPermitted(namespace, to);
      // Read afresh and whole: an informer may keep less of a stream than the image that is asked for.
      const found = await Promise.all(
        awaitedStreams(stream)
          .filter(isPermitted)
          .map(async (key) => [sourceKey(key), await store.get(imageStreams, key, signal)] as const),
      );
      return { sources: new Map(found), isPermitted };
    },
    observe: (key, stream) => {
      const awaited = stream === undefined ? [] : awaitedStreams(stream);
      waiting.set(
        formatKey(key),
        awaited.flatMap((other) => [formatKey(other), namespaceKey(other.namespace)]),
      );
      wake(formatKey(key));
    },
  };
};
