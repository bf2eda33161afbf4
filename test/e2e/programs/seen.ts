import { fieldsOf, managersOf } from './body.ts';
import type { Body, Kind } from './kinds.ts';
import type { ModelObject } from './model.ts';

/** An object as the model sees it. */
export const seenAs = (kind: Kind, body: Body): ModelObject => ({
  fields: fieldsOf(kind, body),
  managers: managersOf(body),
  status: kind.status?.from(body) ?? '',
  generation: body.metadata.generation ?? 0,
  isDeleting: body.metadata.deletionTimestamp !== undefined,
});

/** Objects of nobody who applied: the server may keep no managers of them. */
export const comparable = (object: ModelObject): ModelObject => {
  const { managers } = object;
  return managers.size === 1 && managers.has('Update') ? { ...object, managers: new Map() } : object;
};
