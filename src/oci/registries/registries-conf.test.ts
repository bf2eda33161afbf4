import { describe, expect, it } from 'vitest';
import { parseRegistriesConf } from './registries-conf.ts';

const problemsOf = (text: string): readonly string[] => parseRegistriesConf(text, 'r.conf').problems;

describe('parseRegistriesConf', () => {
  it('reads every member of a registry and its mirrors', () => {
    const text = `
      unqualified-search-registries = ["example.com"]
      short-name-mode = "enforcing"

      [[registry]]
      prefix = "example.com/foo"
      insecure = true
      blocked = true
      location = "internal.example.com/bar"

      [[registry.mirror]]
      location = "mirror-0.local/foo"
      pull-from-mirror = "tag-only"

      [[registry.mirror]]
      location = "mirror-1.local:5000/foo"
      insecure = true

      [[registry]]
      location = "docker.io"
      mirror-by-digest-only = true

      [[registry.mirror]]
      location = "mirror-0.local"

      [aliases]
      alpine = "docker.io/library/alpine"
    `;
    const { rules, problems, notes } = parseRegistriesConf(text, 'r.conf');
    expect(problems).toEqual([]);
    expect(rules).toEqual([
      {
        prefix: { text: 'example.com/foo', host: 'example.com', path: ['foo'] },
        location: 'internal.example.com/bar',
        insecure: true,
        blocked: true,
        mirrors: [
          { location: 'mirror-0.local/foo', insecure: false, use: 'tag' },
          { location: 'mirror-1.local:5000/foo', insecure: true, use: 'all' },
        ],
      },
      {
        prefix: { text: 'docker.io', host: 'docker.io', path: [] },
        location: 'docker.io',
        insecure: false,
        blocked: false,
        mirrors: [{ location: 'mirror-0.local', insecure: false, use: 'digest' }],
      },
    ]);
    expect(notes).toEqual([
      'r.conf: unqualified-search-registries is ignored: short names mean Docker Hub, as in OpenShift',
      'r.conf: short-name-mode is ignored: short names mean Docker Hub, as in OpenShift',
      'r.conf: aliases is ignored: short names mean Docker Hub, as in OpenShift',
    ]);
  });

  it('takes a wildcard without a location', () => {
    const { rules, problems } = parseRegistriesConf(
      '[[registry]]\nprefix = "*.example.com"\nblocked = true',
      'r.conf',
    );
    expect(problems).toEqual([]);
    expect(rules).toMatchObject([{ prefix: { text: '*.example.com' }, location: undefined, blocked: true }]);
  });

  it('takes an empty file', () => {
    expect(parseRegistriesConf('', 'r.conf')).toEqual({ rules: [], problems: [], notes: [] });
  });

  it.each([
    ['[[registry]]\nlocation = nope', 'r.conf: line 2: Invalid TOML document: invalid value'],
    ['[registries.block]\nregistries = ["a.io"]', 'r.conf: this is version 1 of the format'],
    ['[registry]\nlocation = "a.io"', 'r.conf: registry must be a list of tables: write [[registry]]'],
    ['[[registry]]\nlocation = "a.io"\nblock = true', 'r.conf: [[registry]]: block is unknown'],
    ['[[registry]]\nlocation = "a.io"\npull-from-mirror = "all"', 'pull-from-mirror is unknown'],
    ['[[registries]]\nlocation = "a.io"', 'r.conf: this is version 1'],
    ['[[regsitry]]\nlocation = "a.io"', 'r.conf: the file: regsitry is unknown'],
    ['[[registry]]\nblocked = true', 'r.conf: [[registry]]: neither prefix nor location is set'],
    ['[[registry]]\nlocation = "https://a.io"', '"https://a.io" must be written without a scheme'],
    ['[[registry]]\nprefix = "a.io/x:v1"\nlocation = "b.io"', 'r.conf: prefix "a.io/x:v1" is no namespace'],
    ['[[registry]]\nlocation = "*.a.io"', 'location "*.a.io" does not begin with a registry'],
    ['[[registry]]\nlocation = 3', 'r.conf: location must be a text'],
    ['[[registry]]\nlocation = "a.io"\ninsecure = "yes"', 'r.conf: insecure must be true or false'],
    [
      '[[registry]]\nlocation = "a.io"\n[[registry]]\nlocation = "a.io:443"',
      'r.conf: a.io has two [[registry]] tables',
    ],
    ['[[registry]]\nlocation = "a.io"\n[[registry.mirror]]\ninsecure = true', 'the location is missing'],
    [
      '[[registry]]\nlocation = "a.io"\n[[registry.mirror]]\nlocation = "b.io"\npull-from-mirror = "some"',
      'pull-from-mirror is "some", not all, digest-only or tag-only',
    ],
    [
      '[[registry]]\nlocation = "a.io"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "b.io"\npull-from-mirror = "all"',
      'pull-from-mirror and mirror-by-digest-only exclude each other',
    ],
  ])('says in one line what is wrong with %j', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain('\n');
  });
});
