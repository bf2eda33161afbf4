import { assertNamed, readObject } from '../decode.ts';
import { methodNotAllowedError } from '../errors.ts';
import type { Verb } from '../request.ts';
import { tracked } from '../tracking.ts';

/** PUT of one object, or of a subresource. */
export const update: Verb = async (request) => {
  const { storage, target, context, admitCreate } = request;
  if (storage.update === undefined) throw methodNotAllowedError();
  const object = readObject(request, 'UpdateOptions');
  assertNamed(object, target);
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const { object: updated, created } = await storage.update(
    key,
    async (old) => {
      if (old === undefined) await admitCreate(key.namespace, context);
      return tracked(old, object, request);
    },
    context,
  );
  return { kind: 'object', code: created ? 201 : 200, object: updated };
};
