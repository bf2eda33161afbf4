import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prioritizeTags } from './tag-priority.ts';

describe('prioritizeTags', () => {
  const rows = [
    {
      name: 'latest first',
      given: ['3', '1.0.0', 'latest', '1.0'],
      expected: ['latest', '1.0', '1.0.0', '3'],
    },
    {
      name: 'newer minors first',
      given: ['5.2', '5.10', 'v5.11', '6.0'],
      expected: ['6.0', 'v5.11', '5.10', '5.2'],
    },
    {
      name: 'a pre-release after its minor',
      given: ['5.1-rc1', '5.1', '5.1-beta'],
      expected: ['5.1', '5.1-rc1', '5.1-beta'],
    },
    {
      name: 'newer full versions first',
      given: ['1.2.3', '1.10.0', 'v1.9.9', '1.10.0-rc.1'],
      expected: ['1.10.0', '1.10.0-rc.1', 'v1.9.9', '1.2.3'],
    },
    {
      name: 'no v before v',
      given: ['v1.2.3', '1.2.3', 'v5.1', '5.1'],
      expected: ['5.1', 'v5.1', '1.2.3', 'v1.2.3'],
    },
    {
      name: 'others by name',
      given: ['v1', 'edge', '3', 'alpine', 'vv1.2.3'],
      expected: ['3', 'alpine', 'edge', 'v1', 'vv1.2.3'],
    },
    { name: 'no version with leading zeros', given: ['01.2.3', '9.9'], expected: ['9.9', '01.2.3'] },
  ];
  for (const { name, given, expected } of rows) {
    it(`puts ${name}`, () => {
      expect(prioritizeTags(given)).toEqual(expected);
    });
  }

  // golden/import-api, `dry_repo`: the order in which the original imported demo/app.
  it('orders a repository as the original did', () => {
    expect(prioritizeTags(['v2', 'edge', 'v1', 'latest'])).toEqual(['latest', 'edge', 'v1', 'v2']);
  });

  it('gives the same order whatever the order given, and loses nothing', () => {
    const tag = fc.oneof(
      fc.stringMatching(/^v?\d{1,2}(\.\d{1,2}){0,2}(-[a-z]{1,3}\d?)?$/),
      fc.constantFrom('latest', 'edge', 'main', 'v'),
    );
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 12 }), (tags) => {
        const ordered = prioritizeTags(tags);
        expect(prioritizeTags(tags.toReversed())).toEqual(ordered);
        expect(ordered.toSorted()).toEqual(tags.toSorted());
      }),
    );
  });
});
