import { describe, expect, it } from 'vitest';
import { imageStreamImages, imageStreamImports, imageStreamTags } from '../api/resources.ts';
import { createCatalog } from './catalog.ts';
import { storageFor } from './dispatch.ts';
import type { RestStorage } from './rest-storage.ts';

const unused = (): Promise<never> => Promise.reject(new Error('is not called'));
const catalog = createCatalog([
  { resource: imageStreamImages, columns: [], get: unused },
  { resource: imageStreamImports, columns: [], create: unused },
  { resource: imageStreamTags, columns: [], get: unused, list: unused },
] satisfies readonly RestStorage[]);

const codeOf = (plural: string, namespace: string | undefined, name?: string): unknown => {
  const target = {
    kind: 'resource',
    group: 'image.openshift.io',
    version: 'v1',
    plural,
    namespace,
    name,
    subresource: undefined,
  } as const;
  try {
    return storageFor(catalog, target).resource.plural;
  } catch (error) {
    return (error as { readonly status?: { readonly code?: number } }).status?.code;
  }
};

describe('storageFor', () => {
  it('finds no path where no verb stands behind it', () => {
    expect(codeOf('imagestreamimages', 'a', 'app@sha256:1')).toBe('imagestreamimages');
    expect(codeOf('imagestreamimages', 'a')).toBe(404);
    expect(codeOf('imagestreamimages', undefined)).toBe(404);
    expect(codeOf('imagestreamimports', 'a')).toBe('imagestreamimports');
    expect(codeOf('imagestreamimports', undefined)).toBe(404);
    expect(codeOf('imagestreamimports', 'a', 'app')).toBe(404);
    expect(codeOf('imagestreamtags', undefined)).toBe('imagestreamtags');
  });
});
