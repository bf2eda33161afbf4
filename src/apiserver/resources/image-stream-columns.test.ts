import { describe, expect, it } from 'vitest';
import type { ImageStream } from '../../api/image-stream.ts';
import { formatTags, imageStreamColumns } from './image-stream-columns.ts';

const now = Date.parse('2026-11-23T09:00:00Z');

const history = (tag: string, created?: string) => ({
  tag,
  ...(created === undefined
    ? { items: null }
    : { items: [{ created, dockerImageReference: 'r/x@sha256:1', image: 'sha256:1', generation: 1 }] }),
});

const cellsOf = (stream: ImageStream): readonly unknown[] =>
  imageStreamColumns.map((column) => column.cell(stream, now));

const stream = (parts: Pick<ImageStream, 'spec' | 'status'>): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app' },
  ...parts,
});

describe('formatTags', () => {
  const at = '2026-11-23T08:59:00Z';

  it('puts the newest first and equal seconds in order of name', () => {
    expect(formatTags([history('a', '2026-11-23T08:00:00Z'), history('c', at), history('b', at)])).toBe(
      'b,c,a',
    );
  });

  it('puts tags that have no event last', () => {
    expect(formatTags([history('a'), history('b', at)])).toBe('b,a');
  });

  // Scenario import-all-many of the golden answers: 50 tags of four characters.
  it('cuts where forty characters are full and counts the rest', () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      history(`t${String(index + 1).padStart(3, '0')}`, at),
    );
    expect(formatTags(many)).toBe('t001,t002,t003,t004,t005,t006,t007,t008 + 42 more...');
  });

  it('shows one tag however long it is', () => {
    const long = 'x'.repeat(60);
    expect(formatTags([history(long, at), history('y', at)])).toBe(`${long} + 1 more...`);
  });

  it('lets a name stick out where more than a quarter of the width would stay empty', () => {
    const [first, second] = ['a'.repeat(20), 'b'.repeat(27)];
    expect(formatTags([history(first, at), history(second, at), history('c', at)])).toBe(
      `${first},${second} + 1 more...`,
    );
  });

  it('does not let a name stick out by more than a quarter', () => {
    const [first, second] = ['a'.repeat(20), 'b'.repeat(29)];
    expect(formatTags([history(first, at), history(second, at)])).toBe(`${first} + 1 more...`);
  });

  it('does not let a name stick out where the width is nearly filled', () => {
    const [first, second] = ['a'.repeat(29), 'b'.repeat(12)];
    expect(formatTags([history(first, at), history(second, at)])).toBe(`${first} + 1 more...`);
  });
});

describe('imageStreamColumns', () => {
  it('leaves the cells of an empty stream empty', () => {
    expect(cellsOf(stream({ spec: {}, status: { dockerImageRepository: '' } }))).toEqual(['app', '', '', '']);
  });

  it('says how long ago the newest event was', () => {
    const tags = [history('v1', '2026-11-23T08:59:56Z'), history('v2', '2026-11-23T08:00:00Z')];
    expect(cellsOf(stream({ status: { tags } }))).toEqual(['app', '', 'v1,v2', '4 seconds ago']);
  });

  it('prefers the public repository, then that of the spec, then that of the status', () => {
    const spec = { dockerImageRepository: 'spec/app' };
    const status = { dockerImageRepository: 'status/app' };
    const repositories = [
      stream({ spec, status: { ...status, publicDockerImageRepository: 'public/app' } }),
      stream({ spec, status }),
      stream({ spec: {}, status }),
    ].map((each) => cellsOf(each)[1]);
    expect(repositories).toEqual(['public/app', 'spec/app', 'status/app']);
  });
});
