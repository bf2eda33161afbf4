import type { ContainerList, ContainerSelector } from './annotation.ts';
import type { PodSpec } from './kinds.ts';

type Place = { readonly list: ContainerList; readonly index: number };

const searchOrder: readonly ContainerList[] = ['initContainers', 'containers'];

/** Where a selector points in a pod spec; undefined where there is no such container. */
const locate = (podSpec: PodSpec, selector: ContainerSelector): Place | undefined => {
  if (selector.kind === 'index')
    return podSpec[selector.list]?.[selector.index] === undefined ? undefined : selector;
  for (const list of searchOrder) {
    const index = podSpec[list]?.findIndex(({ name }) => name === selector.name) ?? -1;
    if (index !== -1) return { list, index };
  }
  return undefined;
};

/** The image of a container as it is, the empty string where none is set; undefined where there is no such container. */
export const imageOf = (podSpec: PodSpec, selector: ContainerSelector): string | undefined => {
  const place = locate(podSpec, selector);
  return place && (podSpec[place.list]?.[place.index]?.image ?? '');
};

/** The pod spec with another image in one container; the same pod spec where there is no such container or nothing to change. */
export const withImage = (podSpec: PodSpec, selector: ContainerSelector, image: string): PodSpec => {
  const place = locate(podSpec, selector);
  if (place === undefined || imageOf(podSpec, selector) === image) return podSpec;
  const containers = (podSpec[place.list] ?? []).map((container, index) =>
    index === place.index ? { ...container, image } : container,
  );
  return { ...podSpec, [place.list]: containers };
};
