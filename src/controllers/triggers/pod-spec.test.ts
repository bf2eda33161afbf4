import { describe, expect, it } from 'vitest';
import { findContainer, onePerContainer } from './pod-spec.ts';

const podSpec = {
  initContainers: [
    { name: 'init', image: 'i:1' },
    { name: 'both', image: 'b:init' },
  ],
  containers: [{ name: 'web', image: 'w:1' }, { name: 'both', image: 'b:main' }, { name: 'bare' }],
};
const named = (name: string) => ({ kind: 'name', name }) as const;
const at = (list: 'containers' | 'initContainers', index: number) =>
  ({ kind: 'index', list, index }) as const;

describe('findContainer', () => {
  it('finds by name among init containers first, whichever list the path named', () => {
    expect(findContainer(podSpec, named('both'))).toEqual({
      list: 'initContainers',
      name: 'both',
      image: 'b:init',
    });
    expect(findContainer(podSpec, named('web'))).toEqual({ list: 'containers', name: 'web', image: 'w:1' });
  });
  it('finds by index in the list that the path names', () => {
    expect(findContainer(podSpec, at('initContainers', 1))).toMatchObject({ image: 'b:init' });
    expect(findContainer(podSpec, at('containers', 1))).toMatchObject({ image: 'b:main' });
  });
  it('tells a container without an image from one that is not there', () => {
    expect(findContainer(podSpec, named('bare'))).toMatchObject({ image: '' });
    expect(findContainer(podSpec, named('missing'))).toBeUndefined();
    expect(findContainer(podSpec, at('containers', 3))).toBeUndefined();
    expect(findContainer(podSpec, at('containers', -1))).toBeUndefined();
    expect(findContainer({ initContainers: [], containers: [] }, at('initContainers', 0))).toBeUndefined();
  });
});

describe('onePerContainer', () => {
  const aTrigger = (fieldPath: string, container: ReturnType<typeof named> | ReturnType<typeof at>) => ({
    namespace: 'ns',
    stream: 'app',
    tag: fieldPath,
    fieldPath,
    container,
  });

  it('keeps the first of those that lead to one container, and those that lead to none', () => {
    const triggers = [
      aTrigger('a', named('web')),
      aTrigger('b', at('containers', 0)),
      aTrigger('c', at('initContainers', 0)),
      aTrigger('d', named('missing')),
      aTrigger('e', at('containers', 7)),
    ];
    const { triggers: kept, doubled } = onePerContainer(podSpec, triggers);
    expect(kept.map(({ fieldPath }) => fieldPath)).toEqual(['a', 'c', 'd', 'e']);
    expect(doubled).toEqual(['b is the same container as a, which comes first and alone counts']);
  });
});
