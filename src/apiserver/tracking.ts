import type { KubernetesObject } from '../api/meta.ts';
import { trackUpdate, type Write, withManagers } from './managed-fields.ts';
import type { ApiRequest } from './request.ts';

/** The write that a request is. */
export const writeOf = (
  { target, storage, fieldManager, clock }: ApiRequest,
  operation: Write['writer']['operation'],
): Write => ({
  writer: { name: fieldManager, operation, subresource: target.subresource ?? '' },
  resource: storage.resource,
  now: clock.now(),
});

/** The next version of an object with the fields that this request changes in its hands, where the storage keeps that. */
export const tracked = (
  old: KubernetesObject | undefined,
  next: KubernetesObject,
  request: ApiRequest,
): KubernetesObject => {
  const { storage } = request;
  if (storage.managesFields !== true) return next;
  if (old === undefined) return withManagers(next, []);
  return trackUpdate(
    old,
    next,
    writeOf(request, 'Update'),
    (object) => storage.applyDefaults?.(object) ?? object,
  );
};
