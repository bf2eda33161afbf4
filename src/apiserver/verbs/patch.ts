import { invalid, rootPath } from '../../api/field-error.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import { invalidStatus, StatusError } from '../../api/status.ts';
import { assertNamed, decodeObject, inNamespaceOf, parseFieldValidation, type Refuse } from '../decode.ts';
import { methodNotAllowedError, notFoundError } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import { applyMediaType, parsePatch } from '../patch.ts';
import type { Verb } from '../request.ts';
import { tracked } from '../tracking.ts';
import { apply, assertNotForced } from './apply.ts';

/** 422 for a patch that makes of the object what its kind cannot be, worded as Kubernetes does. */
const misfitError = (patched: unknown, detail: string): StatusError => {
  const error = invalid(rootPath.child('patch'), JSON.stringify(patched), detail);
  return new StatusError(invalidStatus({ group: '', kind: '', name: '' }, [error]));
};

/** A patch that names another uid means to change it; an update that does was meant for another object. */
const assertSameUid = (resource: Resource, old: KubernetesObject, patched: KubernetesObject): void => {
  const { uid = '' } = patched.metadata;
  const { uid: oldUid = '' } = old.metadata;
  if (uid !== '' && oldUid !== '' && uid !== oldUid)
    assertValid(resource, old.metadata.name, [
      invalid(rootPath.child('metadata').child('uid'), uid, 'field is immutable'),
    ]);
};

/** PATCH of one object, or of a subresource: the patch is applied to what is stored, again after a conflict. */
export const patch: Verb = async (request) => {
  const { storage, target, query, body, context, admitCreate } = request;
  if (body.mediaType === applyMediaType) return apply(request);
  assertNotForced(query);
  if (storage.update === undefined) throw methodNotAllowedError();
  const { resource } = storage;
  const patcher = parsePatch(body, resource);
  const fieldValidation = parseFieldValidation(query, 'PatchOptions');
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const { object, created } = await storage.update(
    key,
    async (stored) => {
      const old = stored ?? storage.patchesFrom?.(key);
      if (old === undefined) throw notFoundError(resource, key.name);
      if (stored === undefined) await admitCreate(key.namespace, context);
      const value = patcher(old);
      const refuse: Refuse = (_resource, detail) => misfitError(value, detail);
      const patched = decodeObject(value, resource, { fieldValidation, warn: context.warn, refuse });
      assertNamed(patched, target);
      assertSameUid(resource, old, patched);
      return tracked(stored, inNamespaceOf(patched, target), request);
    },
    context,
  );
  return { kind: 'object', code: created ? 201 : 200, object };
};
