import { describe, expect, it } from 'vitest';
import { formatFieldError, rootPath } from '../field-error.ts';
import type { Image } from '../image.ts';
import { validateImage } from './image.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = (more: Partial<Image> = {}): Image => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name: digest },
  dockerImageReference: `r.example/app@${digest}`,
  ...more,
});
const manifest = {
  digest,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  manifestSize: 1,
  architecture: 'amd64',
  os: 'linux',
};
const problemsOf = (given: Image) => validateImage(given).map(formatFieldError);

describe('validateImage', () => {
  it('accepts an image, and one of a list', () => {
    expect(problemsOf(image())).toEqual([]);
    expect(problemsOf(image({ dockerImageManifests: [manifest, { ...manifest, os: 'unknown' }] }))).toEqual(
      [],
    );
  });
  it('wants a reference that is one', () => {
    expect(problemsOf(image({ dockerImageReference: '' }))).toEqual(['dockerImageReference: Required value']);
    expect(problemsOf(image({ dockerImageReference: '!' }))).toEqual([
      'dockerImageReference: Invalid value: "!": invalid reference format',
    ]);
  });
  it('names what is wrong with a manifest', () => {
    const bad = { digest: 'abc', mediaType: 'foobar', manifestSize: -2, architecture: '', os: '' };
    expect(problemsOf(image({ dockerImageManifests: [manifest, bad] }))).toEqual([
      'dockerImageManifests[1].digest: Invalid value: "abc": digest does not conform with OCI image specification',
      'dockerImageManifests[1].mediaType: Invalid value: "foobar": media type does not conform to RFC6838',
      'dockerImageManifests[1].architecture: Required value',
      'dockerImageManifests[1].os: Required value',
      'dockerImageManifests[1].size: Invalid value: -2: manifest size cannot be negative',
    ]);
  });
  it('refuses layers beside manifests', () => {
    const dockerImageLayers = [{ name: digest, size: 1, mediaType: 'a/b' }];
    expect(problemsOf(image({ dockerImageManifests: [manifest], dockerImageLayers }))).toEqual([
      expect.stringContaining('dockerImageLayers should not be set when dockerImageManifests is set'),
    ]);
  });
  it('names the path where it is part of another object', () => {
    const [error] = validateImage(image({ dockerImageReference: '' }), rootPath.child('image'));
    expect(error?.path).toBe('image.dockerImageReference');
  });
});
