import type { ContainerList, ImageChange } from '../../api/workload-patch.ts';
import type { ContainerSelector, ImageTrigger } from './annotation.ts';
import type { PodSpec } from './kinds.ts';

type Place = { readonly list: ContainerList; readonly index: number };

const searchOrder: readonly ContainerList[] = ['initContainers', 'containers'];

/** Where a selector points in a pod spec; undefined where there is no such container. */
const locate = (podSpec: PodSpec, selector: ContainerSelector): Place | undefined => {
  if (selector.kind === 'index')
    return podSpec[selector.list][selector.index] === undefined ? undefined : selector;
  for (const list of searchOrder) {
    const index = podSpec[list].findIndex(({ name }) => name === selector.name);
    if (index !== -1) return { list, index };
  }
  return undefined;
};

/** The container that a selector means, with its image, the empty string where none is set; undefined where there is none. */
export const findContainer = (podSpec: PodSpec, selector: ContainerSelector): ImageChange | undefined => {
  const place = locate(podSpec, selector);
  const container = place && podSpec[place.list][place.index];
  return place && container && { list: place.list, name: container.name, image: container.image ?? '' };
};

/**
 * Of triggers whose paths lead to one container, by its name and by its index, the first; two would pull it to and fro. The others are
 * told. Those that lead to none stay.
 */
export const onePerContainer = (
  podSpec: PodSpec,
  triggers: readonly ImageTrigger[],
): { readonly triggers: readonly ImageTrigger[]; readonly doubled: readonly string[] } => {
  const kept: ImageTrigger[] = [];
  const doubled: string[] = [];
  const taken = new Map<string, string>();
  for (const trigger of triggers) {
    const { container, fieldPath } = trigger;
    const place = locate(podSpec, container);
    const id = place && `${place.list}[${place.index}]`;
    const first = id === undefined ? undefined : taken.get(id);
    if (first !== undefined) {
      doubled.push(`${fieldPath} is the same container as ${first}, which comes first and alone counts`);
      continue;
    }
    if (id !== undefined) taken.set(id, fieldPath);
    kept.push(trigger);
  }
  return { triggers: kept, doubled };
};
