import { describe, expect, it } from 'vitest';
import { imageOf, withImage } from './patch.ts';

const podSpec = {
  nodeName: 'kept',
  initContainers: [
    { name: 'init', image: 'i:1' },
    { name: 'both', image: 'b:init' },
  ],
  containers: [
    { name: 'web', image: 'w:1', command: ['run'] },
    { name: 'both', image: 'b:main' },
    { name: 'bare' },
  ],
};
const named = (name: string) => ({ kind: 'name', name }) as const;
const at = (list: 'containers' | 'initContainers', index: number) =>
  ({ kind: 'index', list, index }) as const;

describe('imageOf', () => {
  it('finds by name among init containers first, whichever list the path named', () => {
    expect(imageOf(podSpec, named('both'))).toBe('b:init');
    expect(imageOf(podSpec, named('web'))).toBe('w:1');
  });
  it('finds by index in the list that the path names', () => {
    expect(imageOf(podSpec, at('initContainers', 1))).toBe('b:init');
    expect(imageOf(podSpec, at('containers', 1))).toBe('b:main');
  });
  it('tells a container without an image from one that is not there', () => {
    expect(imageOf(podSpec, named('bare'))).toBe('');
    expect(imageOf(podSpec, named('missing'))).toBeUndefined();
    expect(imageOf(podSpec, at('containers', 3))).toBeUndefined();
    expect(imageOf(podSpec, at('containers', -1))).toBeUndefined();
    expect(imageOf({ containers: [] }, at('initContainers', 0))).toBeUndefined();
  });
});

describe('withImage', () => {
  it('changes the image of that container and nothing else', () => {
    expect(withImage(podSpec, named('web'), 'w:2')).toEqual({
      ...podSpec,
      containers: [{ name: 'web', image: 'w:2', command: ['run'] }, ...podSpec.containers.slice(1)],
    });
    expect(podSpec.containers[0]?.image).toBe('w:1');
  });
  it('sets an image where there was none', () => {
    expect(withImage(podSpec, named('bare'), 'x:1').containers[2]).toEqual({ name: 'bare', image: 'x:1' });
  });
  it('gives back what it got when there is nothing to change', () => {
    expect(withImage(podSpec, named('web'), 'w:1')).toBe(podSpec);
    expect(withImage(podSpec, named('missing'), 'w:1')).toBe(podSpec);
  });
});
