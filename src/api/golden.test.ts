import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deployments } from './core.ts';
import { decode } from './decode.ts';
import {
  applyImageDefaults,
  applyImageStreamDefaults,
  applyImageStreamImportDefaults,
  decorateImageStream,
} from './defaults.ts';
import { formatFieldError } from './field-error.ts';
import type { Image } from './image.ts';
import type { ImageStream } from './image-stream.ts';
import type { ImageStreamImport } from './image-stream-import.ts';
import { prepareImageStreamForCreate } from './image-stream-strategy.ts';
import { imageStreamImports, imageStreams, imageStreamTags, images, imageTags } from './resources.ts';
import { foldTagErrors } from './tag-resolution.ts';
import { validateImage } from './validation/image.ts';
import { validateImageStream } from './validation/image-stream.ts';

const golden = `${import.meta.dirname}/../../test/fixtures/golden`;
const read = (path: string): string => readFileSync(`${golden}/${path}`, 'utf8');

type Found = { readonly where: string; readonly object: Record<string, unknown> };

/** Every object of a kind in what the original answered, at any depth. */
const objectsOf = (kind: string): readonly Found[] => {
  const search = (value: unknown, where: string): readonly Found[] => {
    if (typeof value !== 'object' || value === null) return [];
    const object = value as Record<string, unknown>;
    const own = object['kind'] === kind && object['metadata'] !== undefined ? [{ where, object }] : [];
    return [...own, ...Object.entries(object).flatMap(([key, child]) => search(child, `${where}/${key}`))];
  };
  return readdirSync(golden, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const { input: _request, ...answers } = JSON.parse(read(`${name}/output.json`)) as Record<
        string,
        unknown
      >;
      return search(answers, name);
    });
};

describe('what the original answered', () => {
  const resources = [imageStreams, images, imageStreamImports, imageStreamTags, imageTags, deployments];
  it.each(resources.map((resource) => [resource.kind, resource] as const))(
    'is known to the schema: %s',
    (kind, { schema }) => {
      const objects = objectsOf(kind);
      expect(objects.length).toBeGreaterThan(0);
      for (const { where, object } of objects) {
        expect({ where, ...decode(schema, object) }).toEqual({ where, value: object, problems: [] });
      }
    },
  );

  it('has the shape that defaults give, and is valid', () => {
    for (const { object } of objectsOf('ImageStream')) {
      const stream = object as unknown as ImageStream;
      expect(decorateImageStream(applyImageStreamDefaults(stream))).toEqual(stream);
      expect(validateImageStream(stream)).toEqual([]);
    }
    for (const { object } of objectsOf('Image')) {
      const image = object as unknown as Image;
      expect(applyImageDefaults(image)).toEqual(image);
      expect(validateImage(image)).toEqual([]);
    }
    for (const { object } of objectsOf('ImageStreamImport')) {
      expect(applyImageStreamImportDefaults(object as unknown as ImageStreamImport)).toEqual(object);
    }
  });
});

/** `validation`: one stream a part of the input, one answer a block of the output. */
describe('what the original refused', () => {
  const inputs = read('validation/input.yaml').split('\n---\n');
  const answers = read('validation/stdout.txt')
    .split(/^\$ .*$/m)
    .slice(1);

  /** The causes that `oc` printed, one a line; none where the stream was created. */
  const causesIn = (answer: string): readonly string[] => {
    const [first = '', ...rest] = answer
      .slice(answer.indexOf('--- stderr') + 10)
      .trim()
      .split('\n');
    if (first === '') return [];
    return rest.length > 0
      ? rest.map((line) => line.replace(/^\* /, ''))
      : [first.replace(/^.*? is invalid: /, '')];
  };

  const causesOf = (input: string): readonly string[] => {
    const { value } = decode<ImageStream>(imageStreams.schema, JSON.parse(input));
    const named = { ...value, metadata: { ...value.metadata, namespace: 'g-validation' } };
    const { stream, errors } = prepareImageStreamForCreate(named, {
      sources: new Map(),
      now: '2026-11-23T08:50:22Z',
    });
    return [...foldTagErrors(stream.metadata.name, errors), ...validateImageStream(stream)].map(
      formatFieldError,
    );
  };

  it('has an answer for every input', () => {
    expect(answers).toHaveLength(inputs.length);
  });
  it.each(
    inputs.map((input, index) => [
      (JSON.parse(input) as ImageStream).metadata.name,
      input,
      answers[index] ?? '',
    ]),
  )('is refused here in the same words: %s', (_, input, answer) => {
    expect(causesOf(input)).toEqual(causesIn(answer));
  });
});
