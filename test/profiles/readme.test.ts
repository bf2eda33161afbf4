import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Profile, profiles, type Quirk } from '../fakes/registry/profiles/index.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

const cell = (quirks: readonly Quirk[]): string =>
  quirks
    .map(({ what, source }) => (source === '-' ? what : `${what} (${source})`))
    .join('; ')
    .replaceAll('|', '\\|');

const row = ({ name, quirks }: Profile): string => {
  const of = (evidence: Quirk['evidence']): string =>
    cell(quirks.filter((quirk) => quirk.evidence === evidence));
  return `| ${name} | ${of('verified')} | ${of('assumed')} |`;
};

const table = ['| Registry | Verified | Assumed |', '|---|---|---|', ...profiles.map(row)].join('\n');

describe('the table of registries in the README', () => {
  it('says what the profiles say, of each registry', () => {
    const shown = /<!-- registries: .*?-->\n(.*?)\n<!-- end -->/s.exec(readme)?.[1];
    expect(shown).toBe(table);
  });

  it('has a source for all that is said to be verified, and none for the rest', () => {
    const odd = profiles
      .flatMap(({ quirks }) => quirks)
      .filter(({ evidence, source }) => (evidence === 'verified') === (source === '-'));
    expect(odd).toEqual([]);
  });
});
