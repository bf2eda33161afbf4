import { describe, expect, it } from 'vitest';
import type { TagEvent, TagEventCause } from '../api/image-stream.ts';
import { rollbackTarget } from './rollback-target.ts';

const digest = (letter: string): string => (letter === '-' ? '' : `sha256:${letter.repeat(64)}`);

/** Entries written newest first as their letters; an upper-case letter is a rollback, `-` a mere reference. */
const list = (letters: string) => ({
  tag: 'v1',
  items: letters.split('').map((letter, index): TagEvent => {
    const type: TagEventCause['type'] = /[A-Z]/.test(letter) ? 'Rollback' : 'Schedule';
    return {
      created: null,
      dockerImageReference: 'r/a',
      image: digest(letter.toLowerCase()),
      generation: 1,
      revision: letters.length - index,
      cause: { type },
    };
  }),
});

describe('rollbackTarget', () => {
  const rows: readonly (readonly [string, string | undefined, number])[] = [
    ['ba', undefined, 1],
    ['cba', undefined, 2],
    ['c-a', undefined, 1],
    // After a rollback to b, the next one goes on to a, and never back to c.
    ['Bcba', undefined, 1],
    ['BAcbad', undefined, 2],
    ['cba', '1', 1],
    ['Bcba', '3', 3],
    ['cba', `sha256:${'a'.repeat(64)}`, 1],
    ['cba', 'sha256:aaaaaaa', 1],
    ['cba', 'bbbbbbb', 2],
    ['cbabd', 'bbbbbbb', 4],
  ];
  for (const [letters, to, revision] of rows) {
    it(`is revision ${revision} of ${letters}${to === undefined ? '' : `, asked for ${to.slice(0, 16)}`}`, () => {
      const target = rollbackTarget(list(letters), to);
      const item = list(letters).items.find((one) => one.revision === revision);
      expect(target).toEqual({ revision, image: item?.image });
    });
  }

  it('counts entries without a number by their place', () => {
    const { items } = list('cba');
    const bare = { tag: 'v1', items: items.map(({ revision: _revision, ...item }) => item) };
    expect(rollbackTarget(bare, undefined).revision).toBe(2);
    expect(rollbackTarget(bare, '1').image).toBe(digest('a'));
  });

  const mistakes: readonly (readonly [string, string | undefined, string])[] = [
    ['', undefined, 'the tag "v1" has no image yet'],
    ['a', undefined, 'the history of the tag "v1" has no older image'],
    ['Aba', undefined, 'the history of the tag "v1" has no older image'],
    ['cba', '9', 'the history of the tag "v1" has no revision 9; it has 3, 2, 1'],
    ['cba', 'sha256:f', 'the history of the tag "v1" has no image sha256:f'],
    ['cba', 'sha256:', 'several images of the tag "v1" begin with sha256:: '],
    ['cba', '3', `the tag "v1" is at ${digest('c')} already`],
    ['c-a', '2', 'revision 2 of the tag "v1" is only a reference, not an image'],
  ];
  for (const [letters, to, message] of mistakes) {
    it(`fails for ${to ?? 'the image before'} in the history "${letters}"`, () => {
      expect(() => rollbackTarget(list(letters), to)).toThrow(message);
    });
  }
});
