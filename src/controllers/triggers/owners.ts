import { type FieldOwner, ownerOfField } from '../../api/field-owner.ts';
import type { ObjectKey } from '../../store/store.ts';
import { ourFieldManager, type WorkloadAccess } from './access.ts';
import type { WorkloadKind } from './kinds.ts';
import type { TriggerQuestion } from './plan.ts';
import { findContainer } from './pod-spec.ts';

/** Who put the image there that stands at a field path. */
export type Owners = ReadonlyMap<string, FieldOwner>;

/** Who put the images there that stand at those field paths. */
export const readOwners = async (
  { kind, access }: { readonly kind: WorkloadKind; readonly access: WorkloadAccess },
  key: ObjectKey,
  { podSpec, triggers }: Pick<TriggerQuestion, 'podSpec' | 'triggers'>,
  fieldPaths: readonly string[],
  signal: AbortSignal,
): Promise<Owners> => {
  if (fieldPaths.length === 0) return new Map();
  const managedFields = await access.managedFields(kind.resource, key, signal);
  const owners = triggers
    .filter(({ fieldPath }) => fieldPaths.includes(fieldPath))
    .flatMap(({ fieldPath, container }): readonly (readonly [string, FieldOwner])[] => {
      const found = findContainer(podSpec, container);
      if (found === undefined) return [];
      const item = `k:${JSON.stringify({ name: found.name })}`;
      const path = [...[...kind.podSpecPath, found.list].map((field) => `f:${field}`), item, 'f:image'];
      const owner = ownerOfField(managedFields, path, ourFieldManager);
      return owner === undefined ? [] : [[fieldPath, owner]];
    });
  return new Map(owners);
};
