import { describe, expect, it } from 'vitest';
import type { ImageStream } from '../api/image-stream.ts';
import { currentSource, formatSource, parseTagSource } from './tag-source.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseTagSource', () => {
  const forms = [
    ['quay.io/team/app:v1', undefined, 'DockerImage', 'quay.io/team/app:v1'],
    ['127.0.0.1:5000/app', undefined, 'DockerImage', '127.0.0.1:5000/app'],
    [`quay.io/team/app@${digest}`, undefined, 'DockerImage', `quay.io/team/app@${digest}`],
    ['nginx', undefined, 'DockerImage', 'nginx'],
    ['library/nginx', undefined, 'DockerImage', 'library/nginx'],
    ['app:v1', undefined, 'ImageStreamTag', 'app:v1'],
    ['team/app:v1', undefined, 'ImageStreamTag', 'team/app:v1'],
    ['my.app:v1', undefined, 'ImageStreamTag', 'my.app:v1'],
    [`app@${digest}`, undefined, 'ImageStreamImage', `app@${digest}`],
    ['nginx:1.27', 'docker', 'DockerImage', 'nginx:1.27'],
    ['nginx:1.27', 'DockerImage', 'DockerImage', 'nginx:1.27'],
    ['app:v1', 'istag', 'ImageStreamTag', 'app:v1'],
    ['my.app:v1', 'imagestreamtag', 'ImageStreamTag', 'my.app:v1'],
    [`team/app@${digest}`, 'isimage', 'ImageStreamImage', `team/app@${digest}`],
  ] as const;
  for (const [text, word, kind, formatted] of forms) {
    it(`takes ${text}${word === undefined ? '' : ` as ${word}`} for a ${kind}`, () => {
      const source = parseTagSource(text, word);
      expect({ kind: source.kind, text: formatSource(source) }).toEqual({ kind, text: formatted });
    });
  }

  const mistakes = [
    ['app:v1', 'git', 'invalid source "git"; valid values are docker, dockerimage, imagestreamimage'],
    ['App:v1', undefined, 'invalid SOURCE: repository name must be lowercase'],
    ['quay.io/app:v1', 'istag', 'server in SOURCE is only allowed when providing a container image'],
    ['app', 'istag', '--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE'],
    ['app:v1', 'isimage', '--source=ImageStreamImage requires a valid <name>@<id> in SOURCE'],
  ] as const;
  for (const [text, word, message] of mistakes) {
    it(`refuses ${text} as ${word ?? 'anything'}`, () => {
      expect(() => parseTagSource(text, word)).toThrow(message);
    });
  }
});

describe('currentSource', () => {
  const streamWith = (image: string, dockerImageReference: string): ImageStream => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'app' },
    status: {
      tags: [
        { tag: 'v1', items: [{ created: null, image, dockerImageReference, generation: 1 }] },
        { tag: 'new', items: null },
      ],
    },
  });
  const source = parseTagSource('team/app:v1', undefined);

  it('is the image that the tag has, in the stream that was named', () => {
    const found = currentSource(streamWith(digest, `quay.io/app@${digest}`), source, 'team/app:v1');
    expect(found.kind).toBe('ImageStreamImage');
    expect(formatSource(found)).toBe(`team/app@${digest}`);
  });

  it('is the pull spec of a tag that is only a reference', () => {
    const found = currentSource(streamWith('', 'quay.io/team/app:v1'), source, 'team/app:v1');
    expect(found.kind).toBe('DockerImage');
    expect(formatSource(found)).toBe('quay.io/team/app:v1');
  });

  it('fails for a tag without an image, and for one whose pull spec cannot be read', () => {
    const stream = streamWith('', '?');
    expect(() => currentSource(stream, parseTagSource('app:new', undefined), 'app:new')).toThrow(
      '"app:new" is not currently pointing to an image, cannot use it as the source of a tag',
    );
    expect(() => currentSource(stream, source, 'app:v1')).toThrow(
      'the image stream tag "app:v1" has an invalid pull spec and cannot be used to tag: invalid reference format',
    );
  });
});
