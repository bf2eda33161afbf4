import { describe, expect, it } from 'vitest';
import type { ImageStream, ObservedTag, TagReference } from './image-stream.ts';
import {
  hasImageOfSpec,
  isImportable,
  isRepositoryPending,
  isTagPending,
  observeRepository,
  observeTag,
  preferredPlatform,
} from './pending.ts';

const tag = (more: Partial<TagReference> = {}): TagReference => ({
  name: 't',
  from: { kind: 'DockerImage', name: 'r.example/app:v1' },
  generation: 1,
  importPolicy: { importMode: 'Legacy' },
  ...more,
});
const item = { created: null, dockerImageReference: 'r.example/app@x', image: 'x', generation: 1 };
const stream = (
  tagReference: TagReference,
  more: { readonly observed?: ObservedTag; readonly annotations?: Record<string, string> } = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', ...(more.annotations === undefined ? {} : { annotations: more.annotations }) },
  spec: { tags: [tagReference] },
  status: {
    tags: [{ tag: 't', items: [item], ...(more.observed === undefined ? {} : { observed: more.observed }) }],
  },
});
/** The same stream after its tag was imported. */
const imported = (given: TagReference, annotations?: Record<string, string>): ImageStream => {
  const more = annotations === undefined ? {} : { annotations };
  return stream(given, { ...more, observed: observeTag(stream(given, more), given, { succeeded: true }) });
};
const withSpec = (base: ImageStream, next: TagReference): ImageStream => ({
  ...base,
  spec: { tags: [next] },
});

describe('isTagPending', () => {
  it('is true for a tag that was never observed, whatever history and generations say', () => {
    const exported = stream(tag({ generation: 3 }), {
      annotations: { 'openshift.io/image.dockerRepositoryCheck': '2026-01-01T00:00:00Z' },
    });
    expect(isTagPending(exported, tag({ generation: 3 }))).toBe(true);
  });

  it('is false after an import, successful or not', () => {
    expect(isTagPending(imported(tag()), tag())).toBe(false);
    const failed = stream(tag(), { observed: observeTag(stream(tag()), tag(), { succeeded: false }) });
    expect(isTagPending(failed, tag())).toBe(false);
  });

  const changes: readonly {
    readonly name: string;
    readonly next: TagReference;
    readonly pending: boolean;
  }[] = [
    {
      name: 'another source',
      next: tag({ from: { kind: 'DockerImage', name: 'r.example/app:v2' } }),
      pending: true,
    },
    {
      name: 'another kind',
      next: tag({ from: { kind: 'ImageStreamTag', name: 'r.example/app:v1' } }),
      pending: true,
    },
    { name: 'another mode', next: tag({ importPolicy: { importMode: 'PreserveOriginal' } }), pending: true },
    { name: 'insecure', next: tag({ importPolicy: { insecure: true } }), pending: true },
    { name: 'reference', next: tag({ reference: true }), pending: true },
    {
      name: 'another platform',
      next: tag({ annotations: { 'importer.image.openshift.io/prefer-arch': 'arm64' } }),
      pending: true,
    },
    { name: 'generation 0', next: tag({ generation: 0 }), pending: true },
    { name: 'a newer generation', next: tag({ generation: 2 }), pending: true },
    {
      name: 'scheduled',
      next: tag({ importPolicy: { importMode: 'Legacy', scheduled: true } }),
      pending: false,
    },
    { name: 'another reference policy', next: tag({ referencePolicy: { type: 'Local' } }), pending: false },
    { name: 'another annotation', next: tag({ annotations: { a: 'b' } }), pending: false },
    { name: 'a mode left empty', next: tag({ importPolicy: { importMode: '' } }), pending: false },
  ];
  for (const { name, next, pending } of changes) {
    it(`is ${pending} for ${name}`, () => {
      expect(isTagPending(withSpec(imported(tag()), next), next)).toBe(pending);
    });
  }

  const key = 'imagestreams.dev/import-requested-at';
  const at = (time: string) => ({ [key]: time });
  const requests = [
    { name: 'a first request', observed: undefined, now: '2026-08-01T00:00:00Z', pending: true },
    { name: 'a newer request', observed: '2026-08-01T00:00:00Z', now: '2026-08-01T00:00:01Z', pending: true },
    {
      name: 'the same request',
      observed: '2026-08-01T00:00:00Z',
      now: '2026-08-01T00:00:00Z',
      pending: false,
    },
    {
      name: 'the same time in another zone',
      observed: '2026-08-01T00:00:00Z',
      now: '2026-08-01T02:00:00+02:00',
      pending: false,
    },
    {
      name: 'an older request',
      observed: '2026-08-02T00:00:00Z',
      now: '2026-08-01T00:00:00Z',
      pending: false,
    },
    { name: 'a text that is no time', observed: '2026-08-02T00:00:00Z', now: 'now please', pending: true },
  ];
  for (const { name, observed, now, pending } of requests) {
    it(`is ${pending} for ${name}`, () => {
      const base = imported(tag(), observed === undefined ? undefined : at(observed));
      const asked = { ...base, metadata: { ...base.metadata, annotations: at(now) } };
      expect(isTagPending(asked, tag())).toBe(pending);
      expect(isTagPending(imported(tag(), at(now)), tag())).toBe(false);
    });
  }
  it('also reads a request on the tag alone', () => {
    const asked = tag({ annotations: at('2026-08-01T00:00:00Z') });
    expect(isTagPending(withSpec(imported(tag()), asked), asked)).toBe(true);
    expect(isTagPending(imported(asked), asked)).toBe(false);
  });
});

describe('isImportable', () => {
  it('is a matter of kind and reference', () => {
    expect(isImportable(tag())).toBe(true);
    expect(isImportable(tag({ reference: true }))).toBe(false);
    expect(isImportable(tag({ from: { kind: 'ImageStreamTag', name: 'a' } }))).toBe(false);
    expect(isImportable({ name: 't' })).toBe(false);
  });
});

describe('hasImageOfSpec', () => {
  const failAgain = (base: ImageStream, next: TagReference): ImageStream => {
    const asked = withSpec(base, next);
    return stream(next, { observed: observeTag(asked, next, { succeeded: false }) });
  };
  it('stays true when a refresh of the same source fails', () => {
    const again = tag({ generation: 2 });
    expect(hasImageOfSpec(failAgain(imported(tag()), again), again)).toBe(true);
  });
  it('is false when another source fails, and stays so until it works', () => {
    const other = tag({ from: { kind: 'DockerImage', name: 'r.example/app:nope' }, generation: 2 });
    const failed = failAgain(imported(tag()), other);
    expect(hasImageOfSpec(failed, other)).toBe(false);
    expect(hasImageOfSpec(failAgain(failed, other), other)).toBe(false);
    expect(hasImageOfSpec(imported(other), other)).toBe(true);
  });
  it('is false while a changed source has not been tried', () => {
    const other = tag({ from: { kind: 'DockerImage', name: 'r.example/app:v2' } });
    expect(hasImageOfSpec(withSpec(imported(tag()), other), other)).toBe(false);
  });
});

describe('isRepositoryPending', () => {
  const base: ImageStream = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 's' },
    spec: { dockerImageRepository: 'r.example/app' },
  };
  const listed = { ...base, status: { repository: observeRepository(base, { succeeded: true }) } };
  it('is true until the repository was listed as it is', () => {
    expect(isRepositoryPending(base)).toBe(true);
    expect(isRepositoryPending(listed)).toBe(false);
    expect(isRepositoryPending({ ...listed, spec: { dockerImageRepository: 'r.example/other' } })).toBe(true);
  });
  it('follows insecure and requests', () => {
    const annotated = (annotations: Record<string, string>) =>
      isRepositoryPending({ ...listed, metadata: { name: 's', annotations } });
    expect(annotated({ 'openshift.io/image.insecureRepository': 'true' })).toBe(true);
    expect(annotated({ 'imagestreams.dev/import-requested-at': '2026-08-01T00:00:00Z' })).toBe(true);
    expect(annotated({ other: 'x' })).toBe(false);
  });
  it('is false without a repository', () => {
    expect(isRepositoryPending({ ...base, spec: {} })).toBe(false);
  });
});

describe('preferredPlatform', () => {
  it('reads the annotations of the tag', () => {
    const annotations = {
      'importer.image.openshift.io/prefer-arch': 'arm64',
      'importer.image.openshift.io/prefer-os': '',
    };
    expect(preferredPlatform({ annotations })).toEqual({ preferArch: 'arm64', preferOs: undefined });
    expect(preferredPlatform(undefined)).toEqual({ preferArch: undefined, preferOs: undefined });
  });
});
