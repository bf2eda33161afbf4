import { type FieldError, forbidden, invalid, required, rootPath } from '../api/field-error.ts';
import type { KubernetesObject, ObjectMeta } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import { invalidStatus, StatusError } from '../api/status.ts';

/** Rules and defaults for the metadata of any object, whatever its kind. After k8s.io/apimachinery/pkg/api/validation. */

const at = rootPath.child('metadata');

/** Letters that make no words, as in Kubernetes. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
/** A DNS label holds 63 characters. */
const maxGeneratedNameLength = 63;

/** `prefix` with a random end. */
export const generateName = (prefix: string, random: () => number = Math.random): string => {
  const suffix = Array.from(
    { length: suffixLength },
    () => suffixAlphabet[Math.floor(random() * suffixAlphabet.length)],
  ).join('');
  return `${prefix.slice(0, maxGeneratedNameLength - suffixLength)}${suffix}`;
};

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** Lists and maps in which there is nothing are left out. */
const withoutEmpty = (metadata: ObjectMeta): ObjectMeta =>
  Object.values(metadata).some(isEmpty)
    ? (Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value))) as ObjectMeta)
    : metadata;

/** Metadata of a new object: what only the server decides is gone, and a name is there (empty where none was asked for). */
export const metadataForCreate = (
  object: KubernetesObject,
  namespace: string,
  random?: () => number,
): ObjectMeta => {
  const {
    uid: _uid,
    resourceVersion: _resourceVersion,
    creationTimestamp: _creationTimestamp,
    generation: _generation,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    selfLink: _selfLink,
    namespace: _namespace,
    ...rest
  } = object.metadata;
  const { generateName: prefix = '' } = rest;
  const given = (rest as { readonly name?: string }).name ?? '';
  const name = given === '' && prefix !== '' ? generateName(prefix, random) : given;
  return withoutEmpty({ ...rest, name, ...(namespace === '' ? {} : { namespace }) });
};

/** Metadata of a changed object: what only the server decides is as it was. */
export const metadataForUpdate = (next: ObjectMeta, old: ObjectMeta): ObjectMeta => {
  const { deletionTimestamp: _deletionTimestamp, selfLink: _selfLink, ...rest } = next;
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const fixed = { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds };
  return withoutEmpty({
    ...rest,
    ...Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined)),
  });
};

/** What a URL can name; a kind's own rules for its names are its strategy's. */
export const validateName = (name: string): readonly FieldError[] => {
  if (name === '') return [required(at.child('name'), 'name or generateName is required')];
  if (name === '.' || name === '..') return [invalid(at.child('name'), name, `may not be '${name}'`)];
  const forbiddenCharacter = ['/', '%'].find((character) => name.includes(character));
  return forbiddenCharacter === undefined
    ? []
    : [invalid(at.child('name'), name, `may not contain '${forbiddenCharacter}'`)];
};

/** The rules for a change of metadata. */
export const validateMetadataUpdate = (next: ObjectMeta, old: ObjectMeta): readonly FieldError[] => {
  const added = (next.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  return old.deletionTimestamp !== undefined && added.length > 0
    ? [
        forbidden(
          at.child('finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`,
        ),
      ]
    : [];
};

/** @throws {StatusError} 422 when there are errors. */
export const assertValid = (resource: Resource, name: string, errors: readonly FieldError[]): void => {
  if (errors.length > 0)
    throw new StatusError(invalidStatus({ group: resource.group, kind: resource.kind, name }, errors));
};
