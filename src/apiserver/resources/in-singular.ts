import type { Resource } from '../../api/resource.ts';

/** For the messages in which the original names a resource in the singular. */
export const inSingular = ({ group, singular }: Resource): Pick<Resource, 'group' | 'plural'> => ({
  group,
  plural: singular,
});
