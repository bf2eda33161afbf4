import fc from 'fast-check';
import { expect } from 'vitest';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import { StoreError } from '../../../src/store/errors.ts';
import { parseLabelSelector } from '../../../src/store/label-selector.ts';
import type { Store, WatchEvent } from '../../../src/store/store.ts';

/** One write of a program. `stale` sends the revision before the newest. */
type Command = {
  readonly verb: 'create' | 'update' | 'updateStatus' | 'replace' | 'delete';
  readonly name: string;
  readonly on: 'yes' | 'no';
  readonly value: string;
  readonly finalizer: boolean;
  readonly stale: boolean;
};

/** Few names and values, so that writes meet. */
export const storePrograms: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.record({
    verb: fc.constantFrom('create', 'update', 'update', 'updateStatus', 'replace', 'delete'),
    name: fc.constantFrom('a', 'b', 'c'),
    on: fc.constantFrom('yes', 'no'),
    value: fc.constantFrom('1', '2'),
    finalizer: fc.integer({ min: 0, max: 5 }).map((draw) => draw === 0),
    stale: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
  }),
  { maxLength: 25 },
);

/** What an object is about, without the parts that only a store knows. */
type ModelObject = {
  readonly on: 'yes' | 'no';
  readonly spec: string;
  readonly status: string;
  readonly finalizer: boolean;
  readonly deleting: boolean;
  readonly generation: number;
};
type State = ReadonlyMap<string, ModelObject>;
type Outcome = 'written' | 'unchanged' | StoreError['code'];

/** The rules of the port, on a plain map. */
const applyToModel = (
  state: State,
  command: Command,
): { readonly outcome: Outcome; readonly next: State } => {
  const { verb, name, on, value, finalizer, stale } = command;
  const old = state.get(name);
  const answer = (outcome: Outcome, object = old) => {
    const next = new Map(state);
    if (object === undefined) next.delete(name);
    else next.set(name, object);
    return { outcome, next };
  };
  if (verb === 'create') {
    if (old !== undefined) return answer('already-exists');
    return answer('written', { on, spec: value, status: value, finalizer, deleting: false, generation: 1 });
  }
  if (old === undefined) return answer('not-found');
  if (stale) return answer('conflict');
  if (verb === 'delete') {
    if (!old.finalizer) return { ...answer('written'), next: without(state, name) };
    return old.deleting
      ? answer('unchanged')
      : answer('written', { ...old, deleting: true, generation: old.generation + 1 });
  }
  const changed: ModelObject =
    verb === 'updateStatus'
      ? { ...old, status: value }
      : { ...old, on, spec: value, finalizer, status: verb === 'replace' ? value : old.status };
  if (JSON.stringify(changed) === JSON.stringify(old)) return answer('unchanged');
  if (old.deleting && !old.finalizer) throw new Error('the model let a marked object live on');
  if (old.deleting && !changed.finalizer) return { ...answer('written'), next: without(state, name) };
  return answer('written', { ...changed, generation: old.generation + (changed.spec === old.spec ? 0 : 1) });
};

const without = (state: State, name: string): State =>
  new Map([...state].filter(([other]) => other !== name));

const toModel = ({ metadata, spec, status }: Stored<ImageStream>): ModelObject => ({
  on: metadata.labels?.['on'] === 'yes' ? 'yes' : 'no',
  spec: spec?.dockerImageRepository ?? '',
  status: status?.dockerImageRepository ?? '',
  finalizer: (metadata.finalizers ?? []).length > 0,
  deleting: metadata.deletionTimestamp !== undefined,
  generation: metadata.generation ?? 0,
});

const objectOf = ({ name, on, value, finalizer }: Command, namespace: string, revision: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    namespace,
    name,
    labels: { on },
    ...(finalizer ? { finalizers: ['example.com/hold'] } : {}),
    ...(revision === '' ? {} : { resourceVersion: revision }),
  },
  spec: { dockerImageRepository: value },
  status: { dockerImageRepository: value },
});

/** What a watcher of `on=yes` is told when `before` becomes `after`. */
const eventsBetween = (before: State, after: State, name: string): readonly string[] => {
  const was = before.get(name)?.on === 'yes';
  const is = after.get(name)?.on === 'yes';
  if (was && is) return [`MODIFIED ${name}`];
  return is ? [`ADDED ${name}`] : was ? [`DELETED ${name}`] : [];
};

/** One event for all states that an object went through in a row. */
const collapse = (events: readonly string[]): readonly string[] =>
  events.filter((event, index) => {
    const [type, name] = event.split(' ');
    const before = events.slice(0, index).findLast((other) => other.endsWith(` ${name}`));
    return type !== 'MODIFIED' || before === undefined || before.startsWith('DELETED');
  });

/**
 * Runs a program in a namespace of its own and compares every answer, every snapshot and the whole watch with the model.
 *
 * For drivers whose create keeps no status the first status write is part of the create. Without `isAtomic` such a driver writes spec and
 * status one after the other, and a watcher may see what is between.
 */
export const checkProgram = async (
  store: Store,
  program: readonly Command[],
  { namespace, isAtomic }: { readonly namespace: string; readonly isAtomic: boolean },
  signal: AbortSignal,
): Promise<void> => {
  const { resourceVersion: start } = await store.list(imageStreams, { namespace }, signal);
  let state: State = new Map();
  const snapshots: { readonly revision: string; readonly state: State }[] = [{ revision: start, state }];
  const expected: string[] = [];

  for (const command of program) {
    const { outcome, next } = applyToModel(state, command);
    expect(await runCommand(store, command, namespace, signal), JSON.stringify(command)).toBe(outcome);
    if (outcome === 'written') expected.push(...eventsBetween(state, next, command.name));
    state = next;
    const { items, resourceVersion } = await store.list(imageStreams, { namespace }, signal);
    expect(asState(items)).toEqual(state);
    snapshots.push({ revision: resourceVersion, state });
  }
  for (const { revision, state: then } of snapshots.filter((_, index) => index % 3 === 0)) {
    const { items } = await store.list(imageStreams, { namespace, exactRevision: revision }, signal);
    expect(asState(items)).toEqual(then);
  }
  const seen = await watchedUpTo(store, namespace, start, state, signal);
  if (isAtomic) expect(seen).toEqual(expected);
  else expect(collapse(seen)).toEqual(collapse(expected));
};

const asState = (items: readonly Stored<ImageStream>[]): State =>
  new Map(items.map((item) => [item.metadata.name, toModel(item)]));

const runCommand = async (
  store: Store,
  command: Command,
  namespace: string,
  signal: AbortSignal,
): Promise<Outcome> => {
  const key = { namespace, name: command.name };
  const old = await store.get(imageStreams, key, signal);
  const newest = old?.metadata.resourceVersion ?? '1';
  const resourceVersion = command.stale ? String(Number(newest) - 1) : newest;
  try {
    switch (command.verb) {
      case 'create': {
        const created = await store.create(imageStreams, objectOf(command, namespace, ''), {}, signal);
        if (created.status === undefined)
          await store.updateStatus(
            imageStreams,
            { ...created, status: { dockerImageRepository: command.value } },
            {},
            signal,
          );
        return 'written';
      }
      case 'delete': {
        const before = old?.metadata.deletionTimestamp;
        const preconditions = command.stale ? { resourceVersion } : {};
        const answer = await store.delete(imageStreams, key, preconditions, signal);
        return before !== undefined &&
          answer.metadata.resourceVersion === newest &&
          answer.metadata.finalizers
          ? 'unchanged'
          : 'written';
      }
      case 'update':
      case 'updateStatus':
      case 'replace': {
        const object = objectOf(command, namespace, resourceVersion);
        const written = await store[command.verb](imageStreams, object, {}, signal);
        if (written.metadata.resourceVersion !== newest) return 'written';
        // A kube-apiserver answers the update that removes the last finalizer of a marked object with what was sent, revision and all.
        return (await store.get(imageStreams, key, signal)) === undefined ? 'written' : 'unchanged';
      }
    }
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
};

/** Reads a watch of `on=yes` from `start` until a last object that is made for it arrives; its events but that one, checked against `end`. */
const watchedUpTo = async (
  store: Store,
  namespace: string,
  start: string,
  end: State,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const last: Command = {
    verb: 'create',
    name: 'last',
    on: 'yes',
    value: '1',
    finalizer: false,
    stale: false,
  };
  await store.create(imageStreams, objectOf(last, namespace, ''), {}, signal);
  const stop = new AbortController();
  const options = { namespace, labels: parseLabelSelector('on=yes'), fromRevision: start };
  const seen: string[] = [];
  const rebuilt = new Map<string, ModelObject>();
  for await (const event of store.watch(imageStreams, options, AbortSignal.any([signal, stop.signal]))) {
    if (event.type === 'BOOKMARK') continue;
    if (event.object.metadata.name === 'last') break;
    seen.push(summaryOf(event));
    if (event.type === 'DELETED') rebuilt.delete(event.object.metadata.name);
    else rebuilt.set(event.object.metadata.name, toModel(event.object));
  }
  stop.abort();
  expect(rebuilt).toEqual(new Map([...end].filter(([, { on }]) => on === 'yes')));
  return seen;
};

const summaryOf = (event: Exclude<WatchEvent<ImageStream>, { type: 'BOOKMARK' }>): string =>
  `${event.type} ${event.object.metadata.name}`;
