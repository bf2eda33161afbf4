import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Errors } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deployments, namespaces, secrets } from '../src/api/core.ts';
import { applyImageStreamDefaults } from '../src/api/defaults.ts';
import type { ImageStream } from '../src/api/image-stream.ts';
import { apiVersionOf, type Resource } from '../src/api/resource.ts';
import { imageStreamGrants, imageStreams } from '../src/api/resources.ts';
import { validateImageStream } from '../src/api/validation/image-stream.ts';
import { fieldSchema, itemSchema, type JsonSchema, schemaOf } from '../src/apiserver/json-schema.ts';

const folder = resolve(import.meta.dirname, '../deploy/samples');
const resources: readonly Resource[] = [imageStreams, imageStreamGrants, secrets, deployments, namespaces];

type Sample = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
};

/** Paths of the fields that the schema has not. */
const unknownFields = (value: unknown, schema: JsonSchema | undefined, path = ''): readonly string[] => {
  if (schema === undefined) return [path];
  if (Array.isArray(value))
    return value.flatMap((item) => unknownFields(item, itemSchema(schema), `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    unknownFields(field, fieldSchema(schema, key), `${path}.${key}`),
  );
};

// The consumers of change events are programs: test/events/samples.test.ts runs them.
for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const text = readFileSync(resolve(folder, file), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Sample);

  describe(`deploy/samples/${file}`, () => {
    it('says at the top what it shows and how to try it', () => {
      const comment = text.split('\n').slice(
        0,
        text.split('\n').findIndex((line) => !line.startsWith('#')),
      );
      expect(comment.join('\n')).toMatch(/^# \w.*[.:]\n/);
      expect(comment.join('\n')).toMatch(/\n# {3}(kubectl|node|export) /);
    });

    it('names every object once', () => {
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
    });

    for (const object of objects) {
      it(`holds a ${object.kind} ${object.metadata.name} that its schema knows`, () => {
        const resource = resources.find(
          (candidate) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion,
        );
        if (resource === undefined) throw new Error(`${object.apiVersion} ${object.kind} is not served`);
        expect(Errors(resource.schema, object)).toEqual([]);
      });
    }

    const streams = objects.filter(({ kind }) => kind === 'ImageStream');
    for (const stream of streams) {
      it(`holds a stream ${stream.metadata.name} that breaks no rule and has no unknown field`, () => {
        const complete = { ...stream, metadata: { ...stream.metadata, namespace: 'default' } } as ImageStream;
        expect(validateImageStream(applyImageStreamDefaults(complete))).toEqual([]);
        expect(unknownFields(stream, schemaOf(imageStreams))).toEqual([]);
      });
    }
  });
}
