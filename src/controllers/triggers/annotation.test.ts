import { describe, expect, it } from 'vitest';
import { parseTriggers } from './annotation.ts';

const scope = { namespace: 'team', podSpecPath: 'spec.template.spec' };
const from = { kind: 'ImageStreamTag', name: 'app:latest' };
const path = (rest: string): string => `spec.template.spec.${rest}`;
const parse = (entries: unknown) => parseTriggers(JSON.stringify(entries), scope);
const byName = path('containers[?(@.name=="web")].image');

describe('parseTriggers', () => {
  it('reads a container by name, in the namespace of the workload', () => {
    expect(parse([{ from, fieldPath: byName }])).toEqual({
      ok: true,
      triggers: [
        {
          namespace: 'team',
          stream: 'app',
          tag: 'latest',
          fieldPath: byName,
          container: { kind: 'name', name: 'web' },
        },
      ],
      ignored: [],
    });
  });

  it('reads a container by index, in either list, and another namespace', () => {
    const entries = [
      { from: { ...from, namespace: 'other' }, fieldPath: path('containers[0].image') },
      { from, fieldPath: path('initContainers[12].image') },
    ];
    expect(parse(entries)).toMatchObject({
      triggers: [
        { namespace: 'other', container: { kind: 'index', list: 'containers', index: 0 } },
        { namespace: 'team', container: { kind: 'index', list: 'initContainers', index: 12 } },
      ],
    });
  });

  it('skips an entry that is paused', () => {
    const entry = { from, fieldPath: byName, paused: true };
    expect(parse([entry])).toEqual({ ok: true, triggers: [], ignored: [] });
    expect(parse([entry, { from, fieldPath: path('containers[0].image') }])).toMatchObject({
      triggers: [{ stream: 'app' }],
    });
  });

  it.each([
    {
      name: 'without a kind',
      entry: { from: { name: 'app:latest' }, fieldPath: byName },
      reason: 'from.kind is missing',
    },
    {
      name: 'of another kind',
      entry: { from: { ...from, kind: 'ImageStream' }, fieldPath: byName },
      reason: 'from.kind "ImageStream" is not followed, only ImageStreamTag is',
    },
    {
      name: 'with an apiVersion',
      entry: { from: { ...from, apiVersion: 'v1' }, fieldPath: byName },
      reason: 'from.apiVersion "v1" has to be left out',
    },
    {
      name: 'without a tag',
      entry: { from: { ...from, name: 'app' }, fieldPath: byName },
      reason: 'from.name "app" is not of the form STREAM:TAG',
    },
    {
      name: 'outside the pod spec',
      entry: { from, fieldPath: 'spec.jobTemplate.spec.containers[0].image' },
      reason: 'does not begin with spec.template.spec',
    },
    {
      name: 'at the pod spec itself',
      entry: { from, fieldPath: 'spec.template.spec' },
      reason: 'does not begin with spec.template.spec',
    },
    { name: 'without a path', entry: { from }, reason: 'fieldPath "" does not begin with' },
    { name: 'that is null', entry: null, reason: 'from.kind is missing' },
  ])('skips an entry $name and says so', ({ entry, reason }) => {
    const good = { from, fieldPath: path('containers[0].image') };
    expect(parse([good, entry])).toMatchObject({
      ok: true,
      triggers: [{ stream: 'app' }],
      ignored: [expect.stringMatching(/^Entry 1: /)],
    });
    expect(parse([entry])).toMatchObject({ triggers: [], ignored: [expect.stringContaining(reason)] });
  });

  it('does not look into the path of an entry that is paused', () => {
    expect(parse([{ from, fieldPath: path('nonsense'), paused: true }])).toEqual({
      ok: true,
      triggers: [],
      ignored: [],
    });
  });

  it('ignores fields that it does not know, such as a misspelt "pause", and says so', () => {
    expect(parse([{ from: { ...from, tag: 'x' }, fieldPath: byName, pause: true }])).toMatchObject({
      ok: true,
      triggers: [{ stream: 'app' }],
      ignored: [
        'Entry 0: the field "pause" is not known and has no effect',
        'Entry 0: the field from."tag" is not known and has no effect',
      ],
    });
    expect(parse([{ form: from, fieldPath: byName }])).toMatchObject({
      triggers: [],
      ignored: [expect.stringContaining('from.kind is missing'), expect.stringContaining('"form"')],
    });
  });

  it('says nothing of what old versions of oc wrote', () => {
    expect(parse([{ from, fieldPath: byName, lastTriggeredImage: 'x' }])).toMatchObject({ ignored: [] });
  });

  it('reads fields in another case, as the original does, and says how they are spelled', () => {
    expect(parse([{ from: { ...from, Namespace: 'other' }, FieldPath: byName }])).toMatchObject({
      triggers: [{ namespace: 'other', fieldPath: byName }],
      ignored: [
        'Entry 0: the field "FieldPath" is read as "fieldPath": write it so',
        'Entry 0: the field from."Namespace" is read as "namespace": write it so',
      ],
    });
    expect(parse([{ from, fieldPath: byName, Paused: true }])).toMatchObject({
      triggers: [],
      ignored: [expect.stringContaining('"Paused" is read as "paused"')],
    });
  });

  it('takes null for an empty list', () => {
    expect(parseTriggers('null', scope)).toEqual({
      ok: true,
      triggers: [],
      ignored: [],
    });
  });

  it.each([
    { name: 'what is no JSON', text: '[{', problem: 'it is not valid JSON' },
    { name: 'an object', text: '{}', problem: 'it must be a JSON array' },
    { name: 'a string for an entry', text: '["x"]', problem: 'entry 0 must be an object' },
    {
      name: 'a quoted "paused"',
      text: JSON.stringify([{ from, fieldPath: byName, paused: 'true' }]),
      problem: 'paused of entry 0 must be true or false, without quotes',
    },
    {
      name: 'a number for a name',
      text: JSON.stringify([{ from: { ...from, name: 1 }, fieldPath: byName }]),
      problem: 'from.name of entry 0 must be a string',
    },
    {
      name: 'a path that occurs twice, even where one entry is paused',
      text: JSON.stringify([
        { from, fieldPath: byName },
        { from, fieldPath: byName, paused: true },
      ]),
      problem: 'duplicate triggers are not allowed',
    },
  ])('rejects the whole annotation for $name', ({ text, problem }) => {
    expect(parseTriggers(text, scope)).toEqual({ ok: false, problem });
  });

  it.each([
    'containers[web].image',
    'containers[].image',
    'containers[0]',
    'containers[0].imagePullPolicy',
    'containers[0].image.x',
    'containers.0.image',
    'ephemeralContainers[0].image',
    "containers[?(@.name=='web')].image",
    'containers[?(@.name == "web")].image',
    'containers[?(@.name=="")].image',
  ])('rejects the whole annotation for the path %s', (rest) => {
    const good = { from, fieldPath: path('containers[1].image') };
    expect(parse([good, { from, fieldPath: path(rest) }])).toMatchObject({
      ok: false,
      problem: expect.stringContaining('does not name the image of a container'),
    });
  });
});
