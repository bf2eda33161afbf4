import { fieldOf, isJsonObject, type JsonObject } from './json.ts';

/**
 * JSON merge patch: fields of `patch` replace those of `target`, null removes them.
 *
 * Written here because the packages for it drop or mistreat fields named like members of Object.prototype.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isJsonObject(patch)) return patch;
  const base: JsonObject = isJsonObject(target) ? target : {};
  const changed = Object.entries(patch)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, mergePatch(fieldOf(base, key), value)] as const);
  const kept = Object.entries(base).filter(([key]) => !Object.hasOwn(patch, key));
  return Object.fromEntries([...kept, ...changed]);
};
