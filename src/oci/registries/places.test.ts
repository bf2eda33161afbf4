import { describe, expect, it } from 'vitest';
import { parseReference } from '../reference.ts';
import { mergeRules } from './merge.ts';
import { placesOf } from './places.ts';
import { parsePrefix } from './prefix.ts';
import type { Registries } from './registries.ts';
import { parseRegistriesConf } from './registries-conf.ts';

const prefixes = (texts: readonly string[]) =>
  texts.map((text) => {
    const parsed = parsePrefix(text);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.value;
  });

const registries = (
  text: string,
  lists: { readonly allow?: readonly string[]; readonly block?: readonly string[] } = {},
): Registries => {
  const { rules, problems } = parseRegistriesConf(text, 'r.conf');
  expect(problems).toEqual([]);
  return {
    rules: mergeRules([rules], []).rules,
    allow: prefixes(lists.allow ?? []),
    block: prefixes(lists.block ?? []),
  };
};

const look = (setUp: Registries, name: string) => {
  const parsed = parseReference(name);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { places, refusals } = placesOf(setUp, parsed.reference);
  return {
    places: places.map((place) => `${place.role} ${place.name}${place.insecure ? ' insecure' : ''}`),
    refusals,
  };
};

const mirrored = `
  [[registry]]
  prefix = "docker.io"
  location = "hub.internal"
  [[registry.mirror]]
  location = "m1.io/hub"
  [[registry.mirror]]
  location = "m2.io:5000"
  insecure = true

  [[registry]]
  prefix = "docker.io/secret"
  blocked = true

  [[registry]]
  location = "m1.io"
  insecure = true
`;

describe('placesOf', () => {
  it('is the name itself where nothing is set up', () => {
    expect(look(registries(''), 'quay.io/team/app')).toEqual({
      places: ['source quay.io/team/app'],
      refusals: [],
    });
  });

  it('is the mirrors in order, then where the source really is', () => {
    expect(look(registries(mirrored), 'alpine')).toEqual({
      places: [
        'mirror m1.io/hub/library/alpine insecure',
        'mirror m2.io:5000/library/alpine insecure',
        'source hub.internal/library/alpine',
      ],
      refusals: [],
    });
  });

  it('goes by the longest prefix alone', () => {
    expect(look(registries(mirrored), 'docker.io/secret/app')).toEqual({
      places: [],
      refusals: ['docker.io/secret/app is blocked'],
    });
  });

  it('keeps the mirrors of a blocked source', () => {
    const setUp = registries(`
      [[registry]]
      location = "quay.io"
      blocked = true
      [[registry.mirror]]
      location = "m1.io"
    `);
    expect(look(setUp, 'quay.io/app')).toEqual({
      places: ['mirror m1.io/app'],
      refusals: ['quay.io/app is blocked'],
    });
  });

  it('leaves out a mirror that is blocked itself', () => {
    expect(look(registries(mirrored, { block: ['m2.io'] }), 'alpine')).toEqual({
      places: ['mirror m1.io/hub/library/alpine insecure', 'source hub.internal/library/alpine'],
      refusals: ['m2.io:5000/library/alpine is blocked'],
    });
  });

  it('blocks a source by its name and by where it leads', () => {
    expect(look(registries(mirrored, { block: ['docker.io'] }), 'alpine').places).not.toContain(
      'source hub.internal/library/alpine',
    );
    expect(look(registries(mirrored, { block: ['hub.internal'] }), 'alpine').places).not.toContain(
      'source hub.internal/library/alpine',
    );
  });

  it('allows references by their names, and the mirrors that are set up for these', () => {
    const setUp = registries(mirrored, { allow: ['docker.io/library', '*.example.com'] });
    expect(look(setUp, 'alpine').places).toHaveLength(3);
    expect(look(setUp, 'a.example.com/app').places).toEqual(['source a.example.com/app']);
    for (const name of ['docker.io/team/app', 'm1.io/hub/library/alpine', 'a.example.com:5000/app']) {
      expect(look(setUp, name)).toEqual({
        places: [],
        refusals: [`${name} is not among the allowed registries`],
      });
    }
  });

  it('takes a source among the mirrors for what it is', () => {
    const setUp = registries(`
      [[registry]]
      location = "quay.io"
      [[registry.mirror]]
      location = "quay.io"
      [[registry.mirror]]
      location = "m1.io"
    `);
    expect(look(setUp, 'quay.io/app').places).toEqual([
      'source quay.io/app',
      'mirror m1.io/app',
      'source quay.io/app',
    ]);
  });

  it('says when a name has no place at a location', () => {
    const setUp = registries('[[registry]]\nprefix = "quay.io/app"\nlocation = "m1.io"');
    expect(look(setUp, 'quay.io/app')).toEqual({
      places: [],
      refusals: [expect.stringContaining('the source that is set up has no place for quay.io/app')],
    });
  });
});
