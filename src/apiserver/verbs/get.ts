import { methodNotAllowedError } from '../errors.ts';
import type { Verb } from '../request.ts';

/** GET of one object, or of a subresource. */
export const get: Verb = async (request) => {
  const { storage, target, context } = request;
  if (storage.get === undefined) throw methodNotAllowedError();
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  return { kind: 'object', code: 200, object: await storage.get(key, context) };
};
