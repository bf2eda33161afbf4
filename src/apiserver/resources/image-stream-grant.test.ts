import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import type { ImageStreamGrant } from '../../api/image-stream-grant.ts';
import { createGenericStorage } from '../generic-storage.ts';
import { imageStreamGrantStrategy } from './image-stream-grant.ts';

const grant = (spec: ImageStreamGrant['spec']): ImageStreamGrant => ({
  apiVersion: 'imagestreams.dev/v1',
  kind: 'ImageStreamGrant',
  metadata: { name: 'shared' },
  spec,
});

const create = (spec: ImageStreamGrant['spec']) =>
  createGenericStorage(new MemoryStore(), imageStreamGrantStrategy).create(
    grant(spec),
    'openshift',
    aRestContext(),
  );

describe('imageStreamGrantStrategy', () => {
  it('keeps a grant as it is', async () => {
    expect(await create({ from: [{ namespace: '*' }] })).toMatchObject({
      metadata: { namespace: 'openshift' },
      spec: { from: [{ namespace: '*' }] },
    });
  });

  it('refuses a grant to nobody', async () => {
    await expect(create({ from: [] })).rejects.toThrow(
      'ImageStreamGrant.imagestreams.dev "shared" is invalid: spec.from: Required value',
    );
  });

  it.each([
    [{ from: [{ namespace: 'dev' }, { namespace: 'prod' }] }, ['shared', 'dev,prod', '<all>']],
    [{ from: [{ namespace: '*' }], to: [{ name: 'web' }] }, ['shared', '*', 'web']],
  ])('shows who may refer to what: %j', (spec, cells) => {
    const shown = imageStreamGrantStrategy.columns.map((column) => column.cell(grant(spec), 0));
    expect(shown.slice(0, 3)).toEqual(cells);
  });
});
