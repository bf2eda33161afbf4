import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Image } from '../api/image.ts';
import type { ImageStream, NamedTagEventList, TagReference } from '../api/image-stream.ts';
import { tagFingerprint } from '../api/pending.ts';
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

describe('describeStream says of a tag', () => {
  const nowMs = Date.UTC(2026, 10, 23, 12);
  const describeTag = (tag: Partial<TagReference>, list: Partial<NamedTagEventList> = {}): string => {
    const text = describeStream(
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 'app', namespace: 'ns' },
        spec: { tags: [{ name: 'v1', ...tag }] },
        status: { tags: [{ tag: 'v1', ...list }] },
      },
      nowMs,
    );
    return text.slice(text.indexOf('\n\nv1\n') + 2);
  };
  const event = {
    created: '2026-11-23T11:59:58Z',
    dockerImageReference: 'r.example/app@sha256:1',
    image: 'sha256:1',
    generation: 1,
  };
  const sources = [
    { from: undefined, line: 'tag without source image' },
    {
      from: { kind: 'ImageStreamTag', namespace: 'other', name: 'web:v1' },
      line: 'tagged from other/web:v1',
    },
    { from: { kind: 'ImageStreamTag', namespace: 'ns', name: 'web:v1' }, line: 'tagged from web:v1' },
    { from: { kind: 'ImageStreamTag', name: 'web:v1' }, reference: true, line: 'reference to web:v1' },
    {
      from: { kind: 'ImageStreamImage', name: 'web@sha256:1' },
      reference: true,
      line: 'reference to image web@sha256:1',
    },
    { from: { kind: 'Pigeon', name: 'coo' }, line: 'updates from Pigeon coo' },
    { from: { kind: 'Pigeon', name: 'coo' }, reference: true, line: 'reference to Pigeon coo' },
  ];
  for (const { from, reference, line } of sources) {
    it(line, () => {
      const tag = { ...(from === undefined ? {} : { from }), ...(reference === true ? { reference } : {}) };
      expect(describeTag(tag, { items: [event] })).toContain(`v1\n  ${line}\n\n`);
    });
  }

  it('what its annotations tell people', () => {
    const annotations = {
      description: 'Ruby 3',
      tags: 'builder,ruby',
      supports: 'ruby:3,ruby',
      sampleRepo: 'https://g.example',
    };
    expect(describeTag({ annotations }, { items: [event] })).toContain(
      '\n\n  Ruby 3\n  Tags: builder, ruby\n  Supports: ruby:3, ruby\n  Example Repo: https://g.example\n\n  * ',
    );
  });

  it('every image that it had, and the digest of one whose reference names another', () => {
    const old = {
      ...event,
      created: '2026-11-20T12:00:00Z',
      dockerImageReference: 'r.example/app:v1',
      image: 'sha256:0',
    };
    expect(describeTag({}, { items: [event, old] })).toContain(
      '\n  * r.example/app@sha256:1\n      2 seconds ago\n    r.example/app:v1\n      3 days ago\tsha256:0\n',
    );
  });

  const from = { kind: 'DockerImage', name: 'r.example/app:v1' };
  const importing = '\n  ~ importing latest image ...\n';
  const failure = {
    type: 'ImportSuccess',
    status: 'False',
    reason: 'Timeout',
    message: 'no answer',
  } as const;

  it('that its first import has not been answered', () => {
    expect(describeTag({ from, generation: null })).toContain(importing);
    expect(describeTag({ from, generation: 2 }, { items: [event] })).toContain(importing);
  });

  it('that what it was observed with is not what it says now', () => {
    const observed = { fingerprint: 'of before' };
    expect(describeTag({ from, generation: 1 }, { items: [event], observed })).toContain(importing);
  });

  it('nothing of an import that was answered, or that will not be', () => {
    const observed = { fingerprint: tagFingerprint({ name: 'v1', from }) };
    expect(describeTag({ from }, { items: [event], observed })).not.toContain(importing);
    expect(describeTag({ from, generation: 1 }, { items: [event] })).not.toContain(importing);
    expect(describeTag({ from, reference: true })).not.toContain(importing);
    expect(
      describeTag({ from, generation: 2 }, { conditions: [{ ...failure, generation: 2 }] }),
    ).not.toContain(importing);
  });

  it('why its last import failed, above the image that it still has', () => {
    const lastTransitionTime = '2026-11-23T11:00:00Z';
    const list = { items: [event], conditions: [{ ...failure, generation: 1, lastTransitionTime }] };
    expect(describeTag({ from }, list)).toContain(
      '\n  ! error: Import failed (Timeout): no answer\n      About an hour ago\n  * r.example/app@sha256:1\n',
    );
  });

  it('that the spec does not know it', () => {
    const stream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app' },
      status: { tags: [{ tag: 'v1', items: [event] }] },
    };
    expect(describeStream(stream, nowMs)).toContain('\nv1\n  no spec tag\n\n  * r.example/app@sha256:1\n');
  });
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
