import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startTestServer } from '../../test/fakes/api-server.ts';

describe('OpenAPI documents', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  let image: Json;
  beforeAll(async () => {
    api = await startTestServer();
    const { body } = await api.call('GET', '/openapi/v3');
    const url = body['paths']?.['apis/image.openshift.io/v1']?.['serverRelativeURL'] as unknown as string;
    image = (await api.call('GET', url)).body;
  });
  afterAll(() => api.close());

  it('are listed with the hash of their content', async () => {
    const { body } = await api.call('GET', '/openapi/v3');
    expect(Object.keys(body['paths'] ?? {}).toSorted()).toEqual([
      'api/v1',
      'apis/apps/v1',
      'apis/authentication.k8s.io/v1',
      'apis/authorization.k8s.io/v1',
      'apis/image.openshift.io/v1',
    ]);
    expect(body['paths']?.['api/v1']?.['serverRelativeURL']).toMatch(
      /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/,
    );
  });

  it('may be kept for ever where the URL names their content, and only there', async () => {
    const { body } = await api.call('GET', '/openapi/v3');
    const url = body['paths']?.['api/v1']?.['serverRelativeURL'] as unknown as string;
    const cachingOf = async (path: string) => (await api.call('GET', path)).headers['cache-control'];
    expect(await cachingOf(url)).toBe('public, immutable, max-age=31536000');
    expect(await cachingOf('/openapi/v3/api/v1?hash=0')).toBe('no-cache, private');
    expect(await cachingOf('/openapi/v3')).toBe('no-cache, private');
  });

  it('name the parts of metadata that Kubernetes names', () => {
    const schemas = image['components']?.['schemas'] as unknown as Readonly<Record<string, unknown>>;
    const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
    const named = (name: string) => ({ $ref: `#/components/schemas/${meta}.${name}` });
    expect(schemas[`${meta}.ObjectMeta`]).toMatchObject({
      properties: {
        managedFields: { type: 'array', items: named('ManagedFieldsEntry') },
        ownerReferences: { type: 'array', items: named('OwnerReference') },
      },
    });
    expect(schemas[`${meta}.ManagedFieldsEntry`]).toMatchObject({
      properties: { fieldsV1: named('FieldsV1') },
    });
    expect(schemas).toHaveProperty([`${meta}.FieldsV1`]);
    expect(schemas).toHaveProperty([`${meta}.OwnerReference`, 'required']);
  });

  it('name the kind of every schema and operation, by which kubectl finds them', () => {
    const gvk = { group: 'image.openshift.io', version: 'v1', kind: 'ImageStream' };
    const schema = image['components']?.['schemas']?.['com.github.openshift.api.image.v1.ImageStream'];
    expect(schema?.['x-kubernetes-group-version-kind']).toEqual([gvk]);
    const item = image['paths']?.['/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}'];
    expect(item?.['patch']).toMatchObject({
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': gvk,
    });
    const parameters = Object.values(item?.['patch']?.['parameters'] ?? {}).map(({ name }) => name);
    expect(parameters).toEqual(expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation']));
  });

  it('say by which keys lists merge', () => {
    const schema = image['components']?.['schemas']?.['com.github.openshift.api.image.v1.ImageStream'];
    expect(schema?.['properties']?.['spec']?.['properties']?.['tags']).toMatchObject({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    });
  });

  it('are there in version 2 without schemas, in the binary form that kubectl reads', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const binary = await api.call('GET', '/openapi/v2', undefined, { accept });
    expect(binary.headers['content-type']).toBe(accept.replace('@', '.'));
    // swagger, info with title and version, and after them paths and definitions of no length.
    expect(Buffer.from(binary.text).toString('latin1')).toBe(
      '\n\x032.0\x12\x15\n\x0cimagestreams\x12\x050.0.0B\x00J\x00',
    );
    const { body } = await api.call('GET', '/openapi/v2');
    expect(body).toMatchObject({ swagger: '2.0', info: { title: 'imagestreams' }, definitions: {} });
  });

  it('hold every schema that they refer to', () => {
    const references = [...JSON.stringify(image).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, name = ''] of references) expect(image['components']?.['schemas']).toHaveProperty([name]);
  });
});
