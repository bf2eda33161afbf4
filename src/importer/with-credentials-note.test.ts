import { describe, expect, it } from 'vitest';
import { failure } from '../api/status.ts';
import type { ImportContext, Importer } from './types.ts';
import { withCredentialsNote } from './with-credentials-note.ts';

const never = new AbortController().signal;
const context: ImportContext = { keychain: () => [], priority: 'interactive', caller: 'team' };
const failing = (reason: 'Unauthorized' | 'Forbidden' | 'NotFound') =>
  ({ ok: false, status: failure(reason, 'refused'), tag: 'v1' }) as const;

const importer = (reason: 'Unauthorized' | 'Forbidden' | 'NotFound'): Importer => ({
  importImage: async () => failing(reason),
  importRepository: async () => ({ ok: true, images: [failing(reason)], additionalTags: [] }),
  list: async () => failing(reason),
  resolve: async () => failing(reason),
  explain: () => undefined,
  placesOf: () => [],
});
const noteOf = (namespace: string): string | undefined => (namespace === 'team' ? 'no right' : undefined);
const image = { from: 'quay.io/a/b:v1', insecure: false, importMode: 'Legacy' } as const;
const repository = { from: 'quay.io/a/b', insecure: false, importMode: 'Legacy', maxTags: 0 } as const;

describe('withCredentialsNote', () => {
  it('adds why there were no credentials to what a registry refused', async () => {
    for (const reason of ['Unauthorized', 'Forbidden'] as const) {
      const noted = withCredentialsNote(importer(reason), noteOf);
      const expected = { status: { reason, message: 'refused: no right' } };
      expect(await noted.importImage(image, context, never)).toMatchObject({ ...expected, tag: 'v1' });
      expect(await noted.resolve(image, context, never)).toMatchObject(expected);
      expect(await noted.list(repository, [], context, never)).toMatchObject(expected);
      expect(await noted.importRepository(repository, context, never)).toMatchObject({ images: [expected] });
    }
  });

  it('adds nothing to other failures, and to those of namespaces whose secrets were read', async () => {
    const missing = withCredentialsNote(importer('NotFound'), noteOf);
    expect(await missing.importImage(image, context, never)).toMatchObject({
      status: { message: 'refused' },
    });
    const other = { ...context, caller: 'other' };
    const refused = withCredentialsNote(importer('Unauthorized'), noteOf);
    expect(await refused.importImage(image, other, never)).toMatchObject({ status: { message: 'refused' } });
  });
});
