import { parseBody } from '../body.ts';
import { assertNamed, decodeObject, inNamespaceOf } from '../decode.ts';
import { methodNotAllowedError } from '../errors.ts';
import type { Verb } from '../request.ts';

/** PUT of one object, or of a subresource. */
export const update: Verb = async ({ storage, target, body, context, admitCreate }) => {
  if (storage.update === undefined) throw methodNotAllowedError();
  const object = inNamespaceOf(decodeObject(parseBody(body), storage.resource), target);
  assertNamed(object, target);
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const { object: updated, created } = await storage.update(
    key,
    async (old) => {
      if (old === undefined) await admitCreate(key.namespace, context);
      return object;
    },
    context,
  );
  return { kind: 'object', code: created ? 201 : 200, object: updated };
};
