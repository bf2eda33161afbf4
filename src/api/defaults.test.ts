import { describe, expect, it } from 'vitest';
import {
  applyImageDefaults,
  applyImageStreamDefaults,
  applyImageStreamImportDefaults,
  decorateImageStream,
} from './defaults.ts';
import type { ImageStream } from './image-stream.ts';

const stream = (more: Partial<ImageStream>): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n' },
  ...more,
});

describe('applyImageStreamDefaults', () => {
  // golden/create-empty: what the original made of a stream without spec.
  it('gives an empty stream the shape of the original', () => {
    expect(JSON.stringify(applyImageStreamDefaults(stream({})))).toBe(
      JSON.stringify({
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 's', namespace: 'n' },
        spec: { lookupPolicy: { local: false } },
        status: { dockerImageRepository: '' },
      }),
    );
  });

  // golden/validation, `dupname` and `nofrom`; golden/istag-api for the order of fields.
  it('collapses tags of one name to the last, sorts them and fills in policies', () => {
    const from = (name: string) => ({ kind: 'DockerImage', name });
    const { spec } = applyImageStreamDefaults(
      stream({
        spec: {
          lookupPolicy: {},
          tags: [
            { name: 'b', from: from('127.0.0.1:5005/x:y') },
            {
              name: 'b',
              from: from('127.0.0.1:5005/x:z'),
              importPolicy: { insecure: false, scheduled: true },
            },
            { name: 'a', reference: false, generation: 0, importPolicy: { insecure: true, importMode: '' } },
          ],
        },
      }),
    );
    expect(JSON.stringify(spec)).toBe(
      JSON.stringify({
        lookupPolicy: { local: false },
        tags: [
          {
            name: 'a',
            annotations: null,
            generation: 0,
            importPolicy: { insecure: true, importMode: 'Legacy' },
            referencePolicy: { type: 'Source' },
          },
          {
            name: 'b',
            annotations: null,
            from: { kind: 'DockerImage', name: '127.0.0.1:5005/x:z' },
            generation: null,
            importPolicy: { scheduled: true, importMode: 'Legacy' },
            referencePolicy: { type: 'Source' },
          },
        ],
      }),
    );
  });

  it('keeps what a user chose', () => {
    const tag = {
      name: 't',
      annotations: { a: 'b' },
      reference: true,
      generation: 3,
      importPolicy: { importMode: 'PreserveOriginal' },
      referencePolicy: { type: 'Local' },
    };
    expect(
      applyImageStreamDefaults(stream({ spec: { tags: [tag], dockerImageRepository: 'r/x' } })).spec,
    ).toEqual({
      lookupPolicy: { local: false },
      dockerImageRepository: 'r/x',
      tags: [tag],
    });
  });

  it('prints an empty history as null and no conditions as nothing', () => {
    const status = { tags: [{ tag: 'b', items: [], conditions: [] }, { tag: 'a' }] };
    expect(applyImageStreamDefaults(stream({ status })).status).toEqual({
      dockerImageRepository: '',
      tags: [
        { tag: 'a', items: null },
        { tag: 'b', items: null },
      ],
    });
  });

  it('changes nothing the second time', () => {
    const once = applyImageStreamDefaults(stream({ spec: { tags: [{ name: 't' }] } }));
    expect(applyImageStreamDefaults(once)).toEqual(once);
  });
});

describe('applyImageStreamDefaults of a newer kind', () => {
  it('keeps fields of the spec that it does not know', () => {
    const from = { kind: 'DockerImage', name: 'quay.io/a/b:c' };
    const tags = [{ name: 'a', from, future: 1, importPolicy: { future: 2 } }];
    const { spec } = applyImageStreamDefaults(
      stream({ spec: { tags, future: 3 } as NonNullable<ImageStream['spec']> }),
    );
    expect(spec).toMatchObject({ future: 3, tags });
  });
});

describe('decorateImageStream', () => {
  it('names the repository of the integrated registry where there is one', () => {
    const hosts = { internal: 'registry.svc:5000', external: 'registry.example' };
    expect(
      decorateImageStream(stream({ status: { dockerImageRepository: 'forged' } }), hosts).status,
    ).toEqual({
      dockerImageRepository: 'registry.svc:5000/n/s',
      publicDockerImageRepository: 'registry.example/n/s',
    });
  });
  it('else names the repository of the spec, or none', () => {
    const status = { dockerImageRepository: 'forged', publicDockerImageRepository: 'forged' };
    const spec = { dockerImageRepository: 'r.example/a/b:c' };
    expect(decorateImageStream(stream({ spec, status })).status).toEqual({
      dockerImageRepository: 'r.example/a/b',
    });
    expect(decorateImageStream(stream({ status })).status).toEqual({ dockerImageRepository: '' });
  });
});

describe('applyImageStreamImportDefaults', () => {
  const request = (spec: object) =>
    applyImageStreamImportDefaults({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name: 's' },
      spec,
    }).spec;
  const image = (name: string, more: object = {}) => ({ from: { kind: 'DockerImage', name }, ...more });
  const policies = { importPolicy: { importMode: 'Legacy' }, referencePolicy: { type: 'Source' } };

  // golden/import-api, `dry_one`.
  it('sends an image to the tag that its pull spec names', () => {
    expect(
      request({ images: [image('127.0.0.1:5005/demo/app:v1', { importPolicy: { insecure: true } })] }),
    ).toEqual({
      import: false,
      images: [
        {
          ...image('127.0.0.1:5005/demo/app:v1'),
          to: { name: 'v1' },
          importPolicy: { insecure: true, importMode: 'Legacy' },
          referencePolicy: { type: 'Source' },
        },
      ],
    });
  });

  const digest = `sha256:${'a'.repeat(64)}`;
  for (const name of ['r.example/a/b', `r.example/a/b@${digest}`, '!!bad', '']) {
    it(`sends ${name.slice(0, 20) || 'an empty name'} nowhere`, () => {
      expect(request({ import: true, images: [image(name)] })).toEqual({
        import: true,
        images: [{ ...image(name), ...policies }],
      });
    });
  }

  it('keeps a target that was chosen', () => {
    expect(request({ images: [image('a/b:c', { to: { name: 'd' } })] })?.images?.[0]?.to).toEqual({
      name: 'd',
    });
  });

  it('fills in the policies of a repository', () => {
    const repository = { from: { kind: 'DockerImage', name: 'a/b' }, includeManifest: true };
    expect(request({ repository, images: [] })).toEqual({
      import: false,
      repository: { ...repository, ...policies },
    });
  });
});

describe('applyImageDefaults', () => {
  it('says that nothing is known of an image without metadata', () => {
    const image = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata: { name: 'x' } };
    // golden/istag-api, `create_istag`: the image of a tag that has none yet.
    expect(applyImageDefaults(image)).toEqual({
      ...image,
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: '',
        Created: null,
        ContainerConfig: {},
      },
      dockerImageMetadataVersion: '1.0',
    });
  });
});
