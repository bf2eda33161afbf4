import type { KubernetesObject } from '../api/meta.ts';
import type { Status } from '../api/status.ts';
import type { Clock } from '../lib/clock.ts';
import type { ResponseForm } from './negotiate.ts';
import type { RestContext, RestList, RestStorage } from './rest-storage.ts';
import type { ResourceTarget } from './router.ts';

/** The body of a request as it arrived; empty where there was none. */
export type RequestBody = { readonly mediaType: string; readonly bytes: Uint8Array };

/** One request to a resource that is served, ready for its verb. */
export type ApiRequest = {
  readonly target: ResourceTarget;
  /** The subresource's own storage where the target names one. */
  readonly storage: RestStorage;
  readonly query: URLSearchParams;
  readonly body: RequestBody;
  readonly form: ResponseForm;
  /** Who writes, as far as the client says: its own word for itself, or the name of the program. */
  readonly fieldManager: string;
  readonly clock: Clock;
  readonly context: RestContext;
  /** Refuses objects for a namespace that does not take any. */
  readonly admitCreate: (namespace: string, context: RestContext) => Promise<void>;
};

/** What a verb answers. `events` are the frames of a watch, each one JSON value as text. */
export type ApiAnswer =
  | { readonly kind: 'object'; readonly code: 200 | 201 | 202; readonly object: KubernetesObject | Status }
  | { readonly kind: 'list'; readonly list: RestList<KubernetesObject> }
  | { readonly kind: 'watch'; readonly events: AsyncIterable<string> };

/** One verb over any storage. Rejects with a StatusError for what the client is told. */
export type Verb = (request: ApiRequest) => Promise<ApiAnswer>;
