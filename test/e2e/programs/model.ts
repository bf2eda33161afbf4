import { bodyOf, fieldsOf, type Managers } from './body.ts';
import type { Command } from './commands.ts';
import { mapKey } from './commands.ts';
import type { Content, Fields, Kind } from './kinds.ts';
import { applied, type Owned, updated } from './ownership.ts';

/*
 * What the Kubernetes documentation promises of objects, on plain maps: optimistic concurrency, no-op writes, generations, finalizers,
 * ownership of fields. Written from the documentation and checked against a real kube-apiserver, not from this program.
 */

/** An object without the parts that only a server can know. */
export type ModelObject = Owned & {
  readonly status: string;
  readonly generation: number;
  readonly isDeleting: boolean;
};
export type State = ReadonlyMap<string, ModelObject>;

/** What becomes of one object. */
export type Effect = {
  readonly name: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** As the change left it, for a deletion as it was before. */
  readonly object: ModelObject;
};
export type Outcome = { readonly code: number; readonly effects: readonly Effect[] };

const failed = (code: number): Outcome => ({ code, effects: [] });
const unchanged: Outcome = { code: 200, effects: [] };

/** The content of a kind as fields; the body is only the way there. */
export const fieldsOfContent = (kind: Kind, content: Content): Fields =>
  fieldsOf(kind, bodyOf(kind, { name: '' }, content));

const equal = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value: unknown): unknown => {
  if (value instanceof Set) return [...(value as ReadonlySet<string>)].toSorted((a, b) => a.localeCompare(b));
  if (value instanceof Map)
    return [...value]
      .map(([key, field]) => [key, sorted(field)])
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return value;
};

const under = (fields: Fields, prefix: string): Fields =>
  new Map([...fields].filter(([path]) => path.startsWith(prefix)));

/** A write that makes `next` of the object: nothing, a change, or the end of an object that nothing holds any more. */
const write = (
  kind: Kind,
  name: string,
  old: ModelObject,
  next: Owned & { readonly status?: string },
  isReordered = false,
): Outcome => {
  const isNoop =
    !isReordered &&
    equal(next.fields, old.fields) &&
    equal(next.managers, old.managers) &&
    (next.status ?? old.status) === old.status;
  if (isNoop) return unchanged;
  const held = under(next.fields, 'finalizers/');
  const heldBefore = under(old.fields, 'finalizers/');
  if (old.isDeleting && [...held.keys()].some((path) => !heldBefore.has(path))) return failed(422);
  const isCounted =
    isReordered ||
    kind.generationCounts.some((prefix) => !equal(under(next.fields, prefix), under(old.fields, prefix)));
  const generation = old.generation + (isCounted ? 1 : 0);
  if (old.isDeleting && held.size === 0)
    return { code: 200, effects: [{ name, type: 'DELETED', object: old }] };
  return { code: 200, effects: [{ name, type: 'MODIFIED', object: { ...old, ...next, generation } }] };
};

const deletion = (kind: Kind, name: string, old: ModelObject): Outcome => {
  if (under(old.fields, 'finalizers/').size === 0)
    return { code: 200, effects: [{ name, type: 'DELETED', object: old }] };
  if (old.isDeleting) return unchanged;
  const generation = old.generation + (kind.generationCounts.length > 0 ? 1 : 0);
  const object = { ...old, isDeleting: true, generation };
  return { code: 200, effects: [{ name, type: 'MODIFIED', object }] };
};

const created = (kind: Kind, name: string, fields: Fields, manager: string): Outcome => {
  const managers: Managers = new Map(
    [[manager, new Set(fields.keys())]].filter(([, set]) => (set as Set<string>).size > 0) as [
      string,
      Set<string>,
    ][],
  );
  const object = {
    fields,
    managers,
    status: '',
    generation: kind.generationCounts.length > 0 ? 1 : 0,
    isDeleting: false,
  };
  return { code: 201, effects: [{ name, type: 'ADDED', object }] };
};

/** The fields that a merge or strategic merge patch leaves. */
const patched = (
  kind: Kind,
  fields: Fields,
  { verb, changes, items, finalizers }: Extract<Command, { readonly verb: 'merge' | 'strategic' }>,
): Fields => {
  const next = new Map(fields);
  const drop = (prefix: string): void => {
    for (const path of next.keys()) if (path === prefix || path.startsWith(`${prefix}/`)) next.delete(path);
  };
  for (const { at, to } of changes)
    if (to === null) next.delete(`${at}/${mapKey}`);
    else next.set(`${at}/${mapKey}`, to);
  const replacesList = verb === 'merge' && kind.itemsAreList;
  if (replacesList && Object.keys(items).length > 0) drop('items');
  for (const [name, value] of Object.entries(items)) {
    if (value === null) drop(`items/${name}`);
    else {
      const content = { labels: {}, annotations: {}, finalizers: [], items: { [name]: value } };
      for (const [path, field] of fieldsOfContent(kind, content)) next.set(path, field);
    }
  }
  if (finalizers !== undefined) {
    if (verb === 'merge') drop('finalizers');
    for (const finalizer of finalizers) next.set(`finalizers/${finalizer}`, '');
  }
  return next;
};

/** The fields that a JSON patch leaves; undefined where it does not fit. */
const jsonPatched = (
  fields: Fields,
  { op, at, value }: Extract<Command, { readonly verb: 'json' }>,
): Fields | undefined => {
  const path = `${at}/${mapKey}`;
  const old = fields.get(path);
  // The map itself is there only while something is in it, and no operation makes its own parent.
  if (old === undefined) return undefined;
  if (op === 'test') return old === value ? fields : undefined;
  const next = new Map(fields);
  if (op === 'remove') next.delete(path);
  else next.set(path, value);
  return next;
};

/** Whether a write puts items of a list that are there already into another order. */
const reorders = (kind: Kind, order: readonly string[], given: readonly string[]): boolean => {
  const before = order.filter((name) => given.includes(name));
  const then = given.filter((name) => order.includes(name));
  return kind.itemsAreList && before.join() !== then.join();
};

/** The order that a command gives to items; a strategic merge patch gives none. */
const orderGivenBy = (command: Command): readonly string[] => {
  if (command.verb === 'update' || command.verb === 'apply') return Object.keys(command.content.items);
  if (command.verb !== 'merge') return [];
  return Object.entries(command.items).flatMap(([name, value]) => (value === null ? [] : [name]));
};

/** Whether an item has lost its value: who set it has left it, and another one still keeps the item. */
const hasBareItem = (fields: Fields): boolean =>
  [...fields.keys()].some((path) => /^items\/[^/]+$/.test(path) && !fields.has(`${path}/value`));

/** What a command meets. */
export type Scene = {
  readonly kind: Kind;
  readonly state: State;
  /** Items of the object in the order in which they stand there. */
  readonly order: readonly string[];
  /** A kube-apiserver has no strategic merge patches of custom resources. */
  readonly isKube: boolean;
};

/** What one command is answered and does. */
export const step = (scene: Scene, command: Command): Outcome => {
  const { kind, state, order, isKube } = scene;
  // Here the tags of a stream stand in the order of their names, whoever writes them.
  const isSorted = kind.kind === 'ImageStream' && !isKube;
  const isReordered = !isSorted && reorders(kind, order, orderGivenBy(command));
  const { verb, name, manager } = command;
  const old = state.get(name);
  const conflicts =
    ('version' in command && command.version === 'stale') || ('foreignUid' in command && command.foreignUid);
  const update = (object: ModelObject, fields: Fields): Outcome =>
    conflicts ? failed(409) : write(kind, name, object, updated(object, fields), isReordered);
  switch (verb) {
    case 'create':
      if (command.generated) return created(kind, '', fieldsOfContent(kind, command.content), 'Update');
      return old === undefined
        ? created(kind, name, fieldsOfContent(kind, command.content), 'Update')
        : failed(409);
    case 'update':
      if (old === undefined) return failed(404);
      if (kind.needsVersion && command.version === 'none' && !command.foreignUid) return failed(422);
      return update(old, fieldsOfContent(kind, command.content));
    case 'merge':
    case 'strategic':
      if (isKube && verb === 'strategic' && !kind.isBuiltIn) return failed(415);
      return old === undefined ? failed(404) : update(old, patched(kind, old.fields, command));
    case 'json': {
      if (old === undefined) return failed(404);
      const fields = jsonPatched(old.fields, command);
      return fields === undefined ? failed(422) : update(old, fields);
    }
    case 'apply': {
      const wanted = fieldsOfContent(kind, command.content);
      if (old === undefined) return created(kind, name, wanted, manager);
      const next = applied(old, wanted, manager, command.force);
      if (next === undefined || conflicts) return failed(409);
      return kind.needsValues && hasBareItem(next.fields)
        ? failed(422)
        : write(kind, name, old, next, isReordered);
    }
    case 'status':
      if (kind.status === undefined) return failed(404);
      if (old === undefined) return failed(404);
      return write(kind, name, old, { ...old, status: command.value });
    case 'delete':
      return old === undefined ? failed(404) : conflicts ? failed(409) : deletion(kind, name, old);
    case 'deletecollection': {
      const chosen = [...state]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .filter(
          ([, { fields }]) => command.label === undefined || fields.get(`labels/${mapKey}`) === command.label,
        );
      return { code: 200, effects: chosen.flatMap(([each, object]) => deletion(kind, each, object).effects) };
    }
    case 'get':
      return old === undefined ? failed(404) : unchanged;
    case 'list':
      return command.revision === 'future' ? failed(504) : unchanged;
  }
};

/** The state after some effects. */
export const after = (state: State, effects: readonly Effect[]): State => {
  const next = new Map(state);
  for (const { name, type, object } of effects)
    if (type === 'DELETED') next.delete(name);
    else next.set(name, object);
  return next;
};
