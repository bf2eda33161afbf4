import { readObject } from '../decode.ts';
import { methodNotAllowedError } from '../errors.ts';
import { withManagers } from '../managed-fields.ts';
import type { Verb } from '../request.ts';

/** POST to a collection. */
export const create: Verb = async (request) => {
  const { storage, target, context, admitCreate } = request;
  if (storage.create === undefined) throw methodNotAllowedError();
  // Nobody can say of a new object who managed it before.
  const object = withManagers(readObject(request, 'CreateOptions'), []);
  const namespace = target.namespace ?? '';
  await admitCreate(namespace, context);
  return { kind: 'object', code: 201, object: await storage.create(object, namespace, context) };
};
