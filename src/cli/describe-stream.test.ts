import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { describeImage } from './describe-image.ts';
import { describeStream } from './describe-stream.ts';

type Fixture = {
  readonly commands: readonly { readonly command: string; readonly stdout: string }[];
  readonly imagestreams: readonly ImageStream[];
  readonly images: Readonly<Record<string, Image>>;
};

const fixture = (name: string): Fixture =>
  JSON.parse(
    readFileSync(resolve(import.meta.dirname, `../../test/fixtures/oc-output/${name}.json`), 'utf8'),
  ) as Fixture;

/** The moment at which `oc` ran, `seconds` after the object was created. */
const secondsAfter = (time: string | null | undefined, seconds: number): number =>
  Date.parse(time ?? '') + seconds * 1000 + 500;

describe('describeStream', () => {
  const rows = [
    { scenario: 'create-empty', stream: 'empty', seconds: 7 },
    { scenario: 'create-spec-tags', stream: 'app', seconds: 7 },
    { scenario: 'create-docker-repo-spec', stream: 'app', seconds: 7 },
    { scenario: 'import-confirm', stream: 'app', seconds: 7 },
    { scenario: 'import-all', stream: 'app', seconds: 6 },
    { scenario: 'import-missing-tag', stream: 'app', seconds: 7 },
    { scenario: 'tag-istag', stream: 'app', seconds: 33 },
    { scenario: 'tag-istag', stream: 'other', seconds: 28 },
    { scenario: 'tag-docker', stream: 'app', seconds: 10 },
    { scenario: 'multi-preserve', stream: 'multi', seconds: 1 },
    { scenario: 'oci-index', stream: 'o', seconds: 7 },
  ];
  for (const { scenario, stream: name, seconds } of rows) {
    it(`prints what oc describe is ${name} prints in ${scenario}`, () => {
      const { commands, imagestreams } = fixture(scenario);
      const stream = imagestreams.find(({ metadata }) => metadata.name === name);
      const expected = commands.find(({ command }) => command.endsWith(`describe is ${name}`))?.stdout;
      if (stream === undefined) throw new Error(`${scenario} has no stream ${name}`);
      expect(describeStream(stream, secondsAfter(stream.metadata.creationTimestamp, seconds))).toBe(expected);
    });
  }
});

describe('describeImage', () => {
  const rows = [
    {
      scenario: 'create-spec-tags',
      tag: 'app:v1',
      digest: 'sha256:2d938e4414ff67d00ac1a145acd6d709dc394ca4b02a01feba2979b62e864e11',
      seconds: 12,
    },
    {
      scenario: 'multi-preserve',
      tag: 'multi:latest',
      digest: 'sha256:217309aa4e129c688ab1482642d61ad21f1beb58a049e0e5c8a68f6235f56dee',
      seconds: 3,
    },
  ];
  for (const { scenario, tag, digest, seconds } of rows) {
    it(`prints what oc describe istag ${tag} prints in ${scenario}`, () => {
      const { commands, images } = fixture(scenario);
      const image = images[digest];
      const expected = commands.find(({ command }) => command.endsWith(`describe istag ${tag}`))?.stdout;
      if (image === undefined) throw new Error(`${scenario} has no image ${digest}`);
      const nowMs = secondsAfter(image.metadata.creationTimestamp, seconds);
      expect(describeImage(image, digest, nowMs)).toBe(expected);
    });
  }
});
