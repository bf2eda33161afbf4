import { assertNamed, decodeObject, inNamespaceOf } from '../decode.ts';
import { methodNotAllowedError, notFoundError } from '../errors.ts';
import { parsePatch } from '../patch.ts';
import type { Verb } from '../request.ts';

/** PATCH of one object, or of a subresource: the patch is applied to what is stored, again after a conflict. */
export const patch: Verb = async ({ storage, target, body, context }) => {
  if (storage.update === undefined) throw methodNotAllowedError();
  const { resource } = storage;
  const patcher = parsePatch(body, resource);
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const { object, created } = await storage.update(
    key,
    (old) => {
      if (old === undefined) throw notFoundError(resource, key.name);
      const patched = inNamespaceOf(decodeObject(patcher(old), resource), target);
      assertNamed(patched, target);
      return patched;
    },
    context,
  );
  return { kind: 'object', code: created ? 201 : 200, object };
};
