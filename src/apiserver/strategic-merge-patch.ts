import { badRequestError } from './errors.ts';
import { fieldOf, isJsonObject, type JsonObject, jsonEquals } from './json.ts';
import { fieldSchema, itemSchema, type JsonSchema, patchMergeOf } from './json-schema.ts';
import { type Identity, inOrder } from './list-order.ts';

/**
 * Strategic merge patch: a merge patch that also merges lists, by the keys in the schema, and that obeys `$` directives.
 *
 * @see https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */

const setElementOrder = '$setElementOrder/';
const deleteFromPrimitiveList = '$deleteFromPrimitiveList/';
const retainKeys = '$retainKeys';
const directive = '$patch';

const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw badRequestError(`${what} in the patch is not a list`);
  return value;
};

/** The entries of a patch whose names start with `prefix`, by the field that they are about. */
const directivesOf = (patch: JsonObject, prefix: string): ReadonlyMap<string, readonly unknown[]> =>
  new Map(
    Object.entries(patch)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), listOf(value, key)]),
  );

const isDirective = (key: string): boolean =>
  key === directive ||
  key === retainKeys ||
  key.startsWith(setElementOrder) ||
  key.startsWith(deleteFromPrimitiveList);

/** A value that stands alone, without what only makes sense against another: nulls and directives. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value))
    return value
      .filter((item) => !isJsonObject(item) || fieldOf(item, directive) !== 'delete')
      .map((item) => plain(item))
      .filter((item) => !isJsonObject(item) || Object.keys(item).length > 0);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, field]) => field !== null && !isDirective(key))
      .map(([key, field]) => [key, plain(field)]),
  );
};

const identityBy =
  (keys: readonly string[]): Identity =>
  (item) => {
    if (!isJsonObject(item))
      throw badRequestError(`an item of a list that is merged by ${keys.join(', ')} is no object`);
    const values = keys.map((key) => fieldOf(item, key));
    if (values.every((value) => value === undefined))
      throw badRequestError(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${keys.join(', ')}`,
      );
    return JSON.stringify(values);
  };

const identityOfPrimitive: Identity = (item) => JSON.stringify(item);

const mergeKeyedList = (
  target: readonly unknown[],
  patch: readonly unknown[],
  keys: readonly string[],
  schema: JsonSchema | undefined,
): readonly unknown[] => {
  const isReplace = (item: unknown): boolean => isJsonObject(item) && fieldOf(item, directive) === 'replace';
  if (patch.some(isReplace)) return plain(patch.filter((item) => !isReplace(item))) as readonly unknown[];
  const identity = identityBy(keys);
  const merged = new Map(target.map((item) => [identity(item), item]));
  for (const item of patch) {
    const id = identity(item);
    if (isJsonObject(item) && fieldOf(item, directive) === 'delete') merged.delete(id);
    else merged.set(id, mergeValue(merged.get(id), item, schema));
  }
  return [...merged.values()];
};

const mergeList = (
  target: readonly unknown[],
  patch: readonly unknown[] | undefined,
  schema: JsonSchema | undefined,
  directives: {
    readonly order: readonly unknown[] | undefined;
    readonly drop: readonly unknown[] | undefined;
  },
): readonly unknown[] => {
  const merge = patchMergeOf(schema);
  if (merge.kind === 'atomic') return patch === undefined ? target : (plain(patch) as readonly unknown[]);
  const { order, drop = [] } = directives;
  const left = target.filter((item) => !drop.some((dropped) => jsonEquals(dropped, item)));
  const items =
    merge.kind === 'map'
      ? mergeKeyedList(left, patch ?? [], merge.keys, itemSchema(schema))
      : [...left, ...(patch ?? []).filter((item) => !left.some((old) => jsonEquals(old, item)))];
  const identity = merge.kind === 'map' ? identityBy(merge.keys) : identityOfPrimitive;
  return order === undefined ? items : inOrder(items, target, order, identity);
};

const mergeObject = (target: JsonObject, patch: JsonObject, schema: JsonSchema | undefined): unknown => {
  const command = fieldOf(patch, directive);
  if (command === 'replace') return plain(patch);
  if (command === 'delete') return {};
  if (command !== undefined && command !== 'merge')
    throw badRequestError(`unknown patch type found: ${JSON.stringify(command)}`);
  const orders = directivesOf(patch, setElementOrder);
  const drops = directivesOf(patch, deleteFromPrimitiveList);
  const retained = fieldOf(patch, retainKeys);
  const fields = new Map(
    Object.entries(target).filter(
      ([key]) => retained === undefined || listOf(retained, retainKeys).includes(key),
    ),
  );
  const names = new Set([
    ...Object.keys(patch).filter((key) => !isDirective(key)),
    ...orders.keys(),
    ...drops.keys(),
  ]);
  for (const name of names) {
    const value = fieldOf(patch, name);
    const old = fields.get(name);
    if (value === null) fields.delete(name);
    else if (Array.isArray(old) && (Array.isArray(value) || value === undefined))
      fields.set(
        name,
        mergeList(old, value, fieldSchema(schema, name), { order: orders.get(name), drop: drops.get(name) }),
      );
    else if (value !== undefined) fields.set(name, mergeValue(old, value, fieldSchema(schema, name)));
  }
  return Object.fromEntries(fields);
};

const mergeValue = (target: unknown, patch: unknown, schema: JsonSchema | undefined): unknown =>
  isJsonObject(target) && isJsonObject(patch) ? mergeObject(target, patch, schema) : plain(patch);

/**
 * The target with the patch merged into it.
 *
 * @throws {StatusError} 400 for a malformed directive or a list item without its key.
 */
export const strategicMergePatch = (target: JsonObject, patch: JsonObject, schema: JsonSchema): unknown =>
  mergeObject(target, patch, schema);
