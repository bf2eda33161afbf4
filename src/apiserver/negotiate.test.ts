import { describe, expect, it } from 'vitest';
import { negotiate, negotiateError } from './negotiate.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('negotiate', () => {
  const rows = [
    { accept: undefined, form: 'object', encoding: 'json' },
    { accept: '*/*', form: 'object', encoding: 'json' },
    { accept: 'application/yaml', form: 'object', encoding: 'yaml' },
    {
      accept: `${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
      form: 'table',
      encoding: 'json',
    },
    {
      accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
      form: 'object',
      encoding: 'json',
    },
    {
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      form: 'metadata',
      encoding: 'json',
    },
    { accept: 'application/vnd.kubernetes.protobuf,application/json', form: 'object', encoding: 'json' },
    { accept: `application/json;q=0.5,${table}`, form: 'table', encoding: 'json' },
  ];
  for (const { accept, form, encoding } of rows)
    it(`answers ${accept ?? 'nothing'} with a ${form} in ${encoding}`, () => {
      expect(negotiate(accept)).toEqual({ form, encoding });
    });

  for (const accept of [
    'text/html',
    'application/vnd.kubernetes.protobuf',
    'application/json;as=Chair;g=meta.k8s.io;v=v1',
  ])
    it(`refuses ${accept} with 406`, () => {
      expect(() => negotiate(accept)).toThrow('only the following media types are accepted');
    });
});

describe('negotiateError', () => {
  it('speaks JSON to who takes neither of the encodings', () => {
    expect(negotiateError('text/html')).toBe('json');
    expect(negotiateError('application/yaml')).toBe('yaml');
  });
});
