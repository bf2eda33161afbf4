import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Secret, secrets } from './core.ts';
import { decode } from './decode.ts';
import type { ImageStream } from './image-stream.ts';
import { imageStreams, images } from './resources.ts';

const decodeStream = (value: unknown) => decode<ImageStream>(imageStreams.schema, value);
const messagesOf = (value: unknown) => decodeStream(value).problems.map(({ message }) => message);

describe('decode', () => {
  const good = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 's', labels: { a: 'b' }, creationTimestamp: null },
    spec: {
      tags: [{ name: 't', annotations: null, generation: null, from: { kind: 'DockerImage', name: 'x' } }],
    },
  };
  it('keeps what fits as it is', () => {
    expect(decodeStream(good)).toEqual({ value: good, problems: [] });
  });

  it('leaves unknown fields out and names where they stood', () => {
    const { value, problems } = decodeStream({
      ...good,
      metadata: { name: 's', nme: 1 },
      spec: { tags: [{ name: 't', form: {} }], tagz: [] },
      extra: true,
    });
    expect(problems).toEqual([
      { kind: 'unknown', path: 'metadata.nme', message: 'unknown field "metadata.nme"' },
      { kind: 'unknown', path: 'spec.tags[0].form', message: 'unknown field "spec.tags[0].form"' },
      { kind: 'unknown', path: 'spec.tagz', message: 'unknown field "spec.tagz"' },
      { kind: 'unknown', path: 'extra', message: 'unknown field "extra"' },
    ]);
    expect(value).toEqual({ ...good, metadata: { name: 's' }, spec: { tags: [{ name: 't' }] } });
  });

  const wrong = [
    {
      name: 'a string for a list',
      value: { spec: { tags: 'x' } },
      message: 'json: cannot unmarshal string into Go struct field ImageStream.spec.tags of type []object',
    },
    {
      name: 'a number for a string',
      value: { metadata: { name: 1 } },
      message: 'json: cannot unmarshal number into Go struct field ImageStream.metadata.name of type string',
    },
    {
      name: 'a string for a flag',
      value: { spec: { tags: [{ name: 't', reference: 'true' }] } },
      message:
        'json: cannot unmarshal string into Go struct field ImageStream.spec.tags[0].reference of type bool',
    },
    {
      name: 'a fraction',
      value: { spec: { tags: [{ name: 't', generation: 1.5 }] } },
      message:
        'json: cannot unmarshal number 1.5 into Go struct field ImageStream.spec.tags[0].generation of type int64',
    },
    {
      name: 'a list for an object',
      value: { spec: [] },
      message: 'json: cannot unmarshal array into Go struct field ImageStream.spec of type object',
    },
    {
      name: 'a number among labels',
      value: { metadata: { labels: { a: 1 } } },
      message:
        'json: cannot unmarshal number into Go struct field ImageStream.metadata.labels.a of type string',
    },
    {
      name: 'no object at all',
      value: [1],
      message: 'json: cannot unmarshal array into Go value of type ImageStream',
    },
    {
      name: 'a time that is none',
      value: { metadata: { deletionTimestamp: 'today' } },
      message: 'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse it',
    },
    {
      name: 'a condition status of no kind',
      value: { status: { conditions: [{ type: 'Ready', status: 'Maybe' }] } },
      message: 'Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    },
  ];
  for (const { name, value, message } of wrong) {
    it(`reports ${name}`, () => {
      expect(messagesOf(value)).toEqual([message]);
      expect(decodeStream(value).problems[0]?.kind).toBe('type');
    });
  }

  it('takes null for absent where the field cannot be null', () => {
    expect(decodeStream({ metadata: null, spec: { dockerImageRepository: null, tags: [null] } })).toEqual({
      value: { spec: { tags: [{ name: '' }] } },
      problems: [],
    });
  });

  it('fills in required fields with the empty value of their type', () => {
    expect(decodeStream({ status: { tags: [{ items: [{ generation: 1 }] }] } })).toEqual({
      value: {
        status: {
          tags: [{ tag: '', items: [{ generation: 1, created: null, dockerImageReference: '', image: '' }] }],
        },
      },
      problems: [],
    });
  });

  it('wants a choice where there is no empty value', () => {
    expect(messagesOf({ status: { conditions: [{ type: 'Ready' }] } })).toEqual([
      'status.conditions[0].status: Required value',
    ]);
  });

  it('keeps fields of open objects, whatever they are', () => {
    const dockerImageMetadata = { Id: 'x', Config: { Labels: { a: 'b' } }, Size: 1 };
    const { value, problems } = decode(images.schema, { metadata: { name: 'x' }, dockerImageMetadata });
    expect(problems).toEqual([]);
    expect(value).toEqual({ metadata: { name: 'x' }, dockerImageMetadata });
  });

  it('lets no key reach a prototype', () => {
    const text =
      '{"metadata":{"name":"s","labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"spec":{}},"toString":1}';
    const { value, problems } = decodeStream(JSON.parse(text));
    expect(problems.map(({ path }) => path)).toEqual(['__proto__', 'toString']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.spec).toBeUndefined();
    expect(JSON.stringify(value)).toBe(
      '{"metadata":{"name":"s","labels":{"__proto__":"x","constructor":"y"}}}',
    );
    expect(({} as Record<string, unknown>)['spec']).toBeUndefined();
  });

  it('refuses what is nested too deep', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
    const { problems } = decode(images.schema, { dockerImageMetadata: { deep } });
    expect(problems).toEqual([
      { kind: 'type', path: 'dockerImageMetadata.deep', message: 'json: exceeded max depth' },
    ]);
  });

  describe('bytes', () => {
    const messages = (password: unknown) =>
      decode<Secret>(secrets.schema, { data: { password } }).problems.map(({ message }) => message);
    it('are base64, line breaks allowed', () => {
      expect(messages('c2VjcmV0')).toEqual([]);
      expect(messages('c2Vj\ncmV0Cg==\n')).toEqual([]);
      expect(messages('')).toEqual([]);
    });
    it('are refused with the place of what is wrong', () => {
      expect(messages('c2Vj!')).toEqual(['illegal base64 data at input byte 4']);
      expect(messages('c2Vjc')).toEqual(['illegal base64 data at input byte 4']);
      expect(messages('c=Vj')).toEqual(['illegal base64 data at input byte 1']);
    });
  });

  it('never throws, and gives a value that decodes again without type problems', () => {
    const names = [
      'metadata',
      'spec',
      'status',
      'tags',
      'name',
      'labels',
      'items',
      '__proto__',
      'generation',
    ];
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 0, 1.5, '', 'x', '2026-08-01T00:00:00Z'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        const once = decodeStream(value);
        if (once.problems.some(({ kind }) => kind === 'type')) return;
        expect(decodeStream(once.value)).toEqual({ value: once.value, problems: [] });
      }),
    );
  });
});
