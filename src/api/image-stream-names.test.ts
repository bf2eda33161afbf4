import { describe, expect, it } from 'vitest';
import { imageMatchesId, parseImageStreamImageName, parseImageStreamTagName } from './image-stream-names.ts';

describe('parseImageStreamTagName', () => {
  it('splits at the only colon', () => {
    expect(parseImageStreamTagName('app:v1.2')).toEqual({ stream: 'app', tag: 'v1.2' });
  });
  for (const name of ['app', 'app:', ':v1', 'a:b:c', 'app@sha256:abc', 'a:b@c', '']) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      expect(parseImageStreamTagName(name)).toBeUndefined();
    });
  }
});

describe('parseImageStreamImageName', () => {
  it('splits at the only @', () => {
    expect(parseImageStreamImageName('app@sha256:abc')).toEqual({ stream: 'app', id: 'sha256:abc' });
  });
  for (const name of ['app', 'app@', '@x', 'a@b@c']) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      expect(parseImageStreamImageName(name)).toBeUndefined();
    });
  }
});

describe('imageMatchesId', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  it('matches a whole digest, and the start of one with or without algorithm', () => {
    expect(imageMatchesId(digest, digest)).toBe(true);
    expect(imageMatchesId(digest, 'sha256:0123')).toBe(true);
    expect(imageMatchesId(digest, '0123456')).toBe(true);
  });
  it('matches nothing else', () => {
    expect(imageMatchesId(digest, '123')).toBe(false);
    expect(imageMatchesId(digest, '')).toBe(false);
    expect(imageMatchesId('', '0')).toBe(false);
    expect(imageMatchesId('', '')).toBe(false);
  });
});
