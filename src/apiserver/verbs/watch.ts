import type { KubernetesObject } from '../../api/meta.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { Clock } from '../../lib/clock.ts';
import { linkSignal } from '../../lib/linked-signal.ts';
import { oncePerObject } from '../../lib/once-per-object.ts';
import { methodNotAllowedError, verbNotSupportedError } from '../errors.ts';
import { type ParsedListOptions, parseListOptions } from '../list-options.ts';
import type { ApiRequest, Verb } from '../request.ts';
import type { RestContext, RestEvent, RestStorage } from '../rest-storage.ts';
import { parseIncludeObject, partialMetadata, tableOf } from '../table.ts';
import { assertFresh } from './list.ts';

/** The longest time without a bookmark, for clients that want any; Kubernetes sends one a minute. */
const bookmarkIntervalMs = 60_000;

type Change =
  | RestEvent<KubernetesObject>
  | { readonly type: 'INITIAL_END'; readonly resourceVersion: string };
type WatchStorage = RestStorage & Required<Pick<RestStorage, 'watch' | 'list'>>;

/** The state that a client gets first where it has none yet, and the revision that its changes begin after. */
const initialChanges = async (
  storage: WatchStorage,
  options: ParsedListOptions,
  context: RestContext,
): Promise<{ readonly initial: readonly Change[]; readonly fromRevision: string }> => {
  const stateUnknown = options.resourceVersion === '' || options.resourceVersion === '0';
  const sendState = options.sendInitialEvents ?? stateUnknown;
  if (!sendState && !stateUnknown) return { initial: [], fromRevision: options.resourceVersion };
  const state = await storage.list({ ...options.selection, ...(sendState ? {} : { limit: 1 }) }, context);
  assertFresh(options, state.resourceVersion);
  const initial: Change[] = sendState ? state.items.map((object) => ({ type: 'ADDED', object })) : [];
  if (options.sendInitialEvents === true && options.allowWatchBookmarks)
    initial.push({ type: 'INITIAL_END', resourceVersion: state.resourceVersion });
  return { initial, fromRevision: state.resourceVersion };
};

const bookmarkObject = (
  { resource }: RestStorage,
  resourceVersion: string,
  annotations?: Readonly<Record<string, string>>,
) => ({
  kind: resource.kind,
  apiVersion: apiVersionOf(resource),
  metadata: {
    resourceVersion,
    creationTimestamp: null,
    ...(annotations === undefined ? {} : { annotations }),
  },
});

/** Objects as JSON. Most of what a watcher costs would be to write this for each of them. */
const jsonOf = oncePerObject((object: KubernetesObject) => JSON.stringify(object));

/** Turns changes into frames in the form that the client asked for. */
const createFramer = (request: ApiRequest) => {
  const { storage, form, query, clock } = request;
  const include = parseIncludeObject(query.get('includeObject'));
  let headers = true;
  const table = (objects: readonly KubernetesObject[], resourceVersion: string | undefined) => {
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    const result = tableOf(objects, metadata, { storage, include, now: clock.now(), headers });
    headers = false;
    return result;
  };
  const render = (object: KubernetesObject): string => {
    switch (form) {
      case 'object':
        return jsonOf(object);
      case 'metadata':
        return JSON.stringify(partialMetadata(object));
      case 'table':
        return JSON.stringify(table([object], object.metadata.resourceVersion));
    }
  };
  const bookmark = (object: object): string => JSON.stringify({ type: 'BOOKMARK', object });
  return (change: Change): string => {
    switch (change.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        return `{"type":"${change.type}","object":${render(change.object)}}`;
      case 'BOOKMARK':
        return bookmark(
          form === 'table'
            ? table([], change.resourceVersion)
            : bookmarkObject(storage, change.resourceVersion),
        );
      case 'INITIAL_END':
        return bookmark(
          bookmarkObject(storage, change.resourceVersion, { 'k8s.io/initial-events-end': 'true' }),
        );
    }
  };
};

/** A signal that is also aborted after `timeoutMs`; `release` ends the wait for it. */
const withTimeout = (clock: Clock, timeoutMs: number | undefined, signal: AbortSignal) => {
  const { signal: limited, abort, release } = linkSignal(signal);
  if (timeoutMs !== undefined)
    clock.sleep(timeoutMs, limited).then(
      () => abort(new Error('the time of the watch is over')),
      () => undefined, // released, or the client has gone
    );
  return {
    signal: limited,
    release: () => {
      release();
      abort(new Error('the watch has ended'));
    },
  };
};

async function* frames(
  request: ApiRequest,
  storage: WatchStorage,
  options: ParsedListOptions,
): AsyncGenerator<string> {
  const limit = withTimeout(request.clock, options.timeoutMs, request.context.signal);
  const frame = createFramer(request);
  try {
    const context = { ...request.context, signal: limit.signal };
    const { initial, fromRevision } = await initialChanges(storage, options, context);
    for (const change of initial) yield frame(change);
    const bookmarks = options.allowWatchBookmarks ? bookmarkIntervalMs : undefined;
    const live = { ...options.selection, fromRevision, bookmarkIntervalMs: bookmarks };
    for await (const change of storage.watch(live, context)) yield frame(change);
  } catch (error) {
    // The end of its time is the regular end of a watch, whatever the storage was just waiting for.
    if (!limit.signal.aborted) throw error;
  } finally {
    limit.release();
  }
}

/** GET with `watch=true`: a stream of changes. */
export const watch: Verb = async (request) => {
  const { storage, target, query } = request;
  if (storage.list === undefined) throw methodNotAllowedError();
  if (storage.watch === undefined) throw verbNotSupportedError(storage.resource, 'watch');
  const options = parseListOptions(query, storage.resource, target);
  return { kind: 'watch', events: frames(request, storage as WatchStorage, options) };
};
