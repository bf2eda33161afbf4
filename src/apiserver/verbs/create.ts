import { parseBody } from '../body.ts';
import { decodeObject, inNamespaceOf } from '../decode.ts';
import { methodNotAllowedError } from '../errors.ts';
import type { Verb } from '../request.ts';

/** POST to a collection. */
export const create: Verb = async ({ storage, target, body, context, admitCreate }) => {
  if (storage.create === undefined) throw methodNotAllowedError();
  const object = inNamespaceOf(decodeObject(parseBody(body), storage.resource), target);
  const namespace = target.namespace ?? '';
  await admitCreate(namespace, context);
  return { kind: 'object', code: 201, object: await storage.create(object, namespace, context) };
};
