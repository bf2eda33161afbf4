import { describe, expect, it } from 'vitest';
import { parseMirrorSets } from './mirror-sets.ts';

const documents = `
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: { name: ubi }
spec:
  imageDigestMirrors:
  - source: registry.redhat.io/ubi9
    mirrors: [mirror.local/ubi9, mirror.local:5000/ubi9]
    mirrorSourcePolicy: NeverContactSource
  - source: '*.example.com'
    mirrors: [mirror.local/any]
---
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
metadata: { name: hub }
spec:
  imageTagMirrors:
  - source: docker.io
    mirrors: [mirror.local/hub]
    mirrorSourcePolicy: AllowContactingSource
status: {}
`;

const summary = (text: string) =>
  parseMirrorSets(text, 'm.yaml').sets.map(({ source, ...rest }) => ({ source: source.text, ...rest }));

const expected = [
  {
    source: 'registry.redhat.io/ubi9',
    mirrors: ['mirror.local/ubi9', 'mirror.local:5000/ubi9'],
    use: 'digest',
    neverContactSource: true,
  },
  { source: '*.example.com', mirrors: ['mirror.local/any'], use: 'digest', neverContactSource: false },
  { source: 'docker.io', mirrors: ['mirror.local/hub'], use: 'tag', neverContactSource: false },
];

const entry = (text: string): string =>
  `apiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\nspec: {imageTagMirrors: [${text}]}`;

describe('parseMirrorSets', () => {
  it('reads documents of both kinds', () => {
    expect(summary(documents)).toEqual(expected);
    expect(parseMirrorSets(documents, 'm.yaml').problems).toEqual([]);
  });

  it('reads what kubectl prints of many', () => {
    const [digests, tags] = documents.split('---');
    const indent = (text = '') => text.trim().replaceAll('\n', '\n  ');
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${indent(digests)}\n- ${indent(tags)}\n`;
    expect(summary(list)).toEqual(expected);
  });

  it('reads JSON', () => {
    const set = {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ImageTagMirrorSet',
      spec: { imageTagMirrors: [{ source: 'docker.io', mirrors: ['mirror.local/hub'] }] },
    };
    expect(summary(JSON.stringify(set))).toEqual(expected.slice(2));
  });

  it('takes a file of nothing', () => {
    expect(parseMirrorSets('---\n# nothing\n', 'm.yaml')).toEqual({ sets: [], problems: [] });
  });

  it.each([
    ['a: [', 'm.yaml: Flow sequence in block collection must be'],
    ['just text', 'm.yaml: a document is not an object'],
    [
      'apiVersion: v1\nkind: ConfigMap',
      'm.yaml: v1 ConfigMap is neither an ImageDigestMirrorSet nor an ImageTagMirrorSet',
    ],
    ['apiVersion: operator.openshift.io/v1alpha1\nkind: ImageContentSourcePolicy', 'oc adm migrate icsp'],
    ['kind: ImageTagMirrorSet', 'undefined ImageTagMirrorSet is neither'],
    [
      'apiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\nmetadata: {name: x}\nspec: {imageDigestMirrors: []}',
      'm.yaml: ImageTagMirrorSet x: spec: imageDigestMirrors is unknown',
    ],
    [entry('{source: docker.io, mirors: []}'), 'mirors is unknown'],
    [entry('{source: docker.io, mirrors: mirror.local}'), 'mirrors must be a list of texts'],
    [
      entry('{source: docker.io, mirrors: [team/app]}'),
      'the mirror "team/app" does not begin with a registry',
    ],
    [entry('{mirrors: [mirror.local]}'), 'the source "" does not begin with a registry'],
    [
      entry('{source: docker.io, mirrors: [m.local], mirrorSourcePolicy: Never}'),
      'mirrorSourcePolicy is "Never"',
    ],
    [entry('{source: docker.io, mirrorSourcePolicy: NeverContactSource}'), 'has no mirrors'],
    [
      entry('{source: docker.io, mirrors: [docker.io], mirrorSourcePolicy: NeverContactSource}'),
      'never to be contacted and one of its own mirrors',
    ],
  ])('says in one line what is wrong with %j', (text, problem) => {
    const { problems } = parseMirrorSets(text, 'm.yaml');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain('\n');
  });
});
