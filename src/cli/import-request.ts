import { insecureRepositoryAnnotation } from '../api/annotations.ts';
import type { ImageStream, TagReference } from '../api/image-stream.ts';
import type { ImageImportSpec, ImageStreamImport } from '../api/image-stream-import.ts';
import { isOn } from '../api/toggle-annotation.ts';
import { CliError } from './errors.ts';
import { type FollowedTag, followTag } from './follow-tag.ts';
import type { ImportFlags, ImportTarget } from './import-target.ts';

const failed = (message: string): CliError => new CliError('failed', message);

/** A tag to import and where from. */
type TagSource = { readonly tag: string; readonly from: string };

const dockerImage = 'DockerImage';
const quote = (text: string): string => JSON.stringify(text);

const specTagsOf = (stream: ImageStream): readonly TagReference[] => stream.spec?.tags ?? [];

/** What a request does to a tag: its policies are widened by those that the tag has already. */
const imageSpec = (
  flags: ImportFlags,
  stream: ImageStream | undefined,
  source: TagSource,
): ImageImportSpec => {
  const old = stream === undefined ? undefined : specTagsOf(stream).find(({ name }) => name === source.tag);
  const insecure = streamInsecure(flags, stream) || old?.importPolicy?.insecure === true;
  const scheduled = flags.scheduled || old?.importPolicy?.scheduled === true;
  return {
    from: { kind: dockerImage, name: source.from },
    to: { name: source.tag },
    ...policies(flags, insecure, scheduled),
  };
};

const policies = (
  flags: ImportFlags,
  insecure: boolean,
  scheduled: boolean,
): Pick<ImageImportSpec, 'importPolicy' | 'referencePolicy'> => ({
  importPolicy: {
    ...(insecure ? { insecure } : {}),
    ...(scheduled ? { scheduled } : {}),
    importMode: flags.importMode,
  },
  referencePolicy: { type: flags.referencePolicy },
});

const streamInsecure = (flags: ImportFlags, stream: ImageStream | undefined): boolean =>
  flags.insecure ?? (stream !== undefined && isOn(stream, insecureRepositoryAnnotation));

type ImportSpec = NonNullable<ImageStreamImport['spec']>;

const repositorySpec = (flags: ImportFlags, stream: ImageStream | undefined, from: string): ImportSpec => ({
  import: !flags.dryRun,
  repository: {
    from: { kind: dockerImage, name: from },
    ...policies(flags, streamInsecure(flags, stream), flags.scheduled),
  },
});

const imagesSpec = (
  flags: ImportFlags,
  stream: ImageStream | undefined,
  sources: readonly TagSource[],
): ImportSpec => ({
  import: !flags.dryRun,
  images: sources.map((source) => imageSpec(flags, stream, source)),
});

const importAll = (flags: ImportFlags, stream: ImageStream): ImportSpec => {
  const current = stream.spec?.dockerImageRepository ?? '';
  const from = flags.from ?? current;
  if (from === '') {
    const sources = specTagsOf(stream).flatMap(({ name, from }) =>
      from?.kind === dockerImage ? [{ tag: name, from: from.name ?? '' }] : [],
    );
    if (sources.length === 0)
      throw failed('image stream does not have tags pointing to external container images');
    return imagesSpec(flags, stream, sources);
  }
  if (from !== current && !flags.confirm) {
    throw failed(
      current === ''
        ? 'the image stream does not currently import an entire Docker repository, pass --confirm to update'
        : `the image stream has a different import spec ${quote(current)}, pass --confirm to update`,
    );
  }
  return repositorySpec(flags, stream, from);
};

/** Where the tag `asked` comes from, given that it exists and leads to `tag`. */
const existingSource = (
  flags: ImportFlags,
  asked: string,
  { tag, reference, follows }: Extract<FollowedTag, { kind: 'found' }>,
): TagSource => {
  const { from } = reference;
  if (from === undefined)
    throw failed(
      `tag ${quote(asked)} already exists - you must use the 'tag' command if you want to change the source to ${quote(flags.from ?? '')}`,
    );
  const name = from.name ?? '';
  if (from.kind !== dockerImage)
    throw failed(
      `tag ${quote(asked)} points to existing ${from.kind ?? ''} ${quote(name)}, it cannot be re-imported`,
    );
  if (flags.from !== undefined && flags.from !== name) {
    const path = follows
      ? `the tag ${quote(asked)} points to the tag ${quote(tag)} which points to ${quote(name)}`
      : `the tag ${quote(asked)} points to ${quote(name)}`;
    throw failed(`${path} - use the 'tag' command if you want to change the source to ${quote(flags.from)}`);
  }
  return { tag, from: name };
};

const tagSource = (flags: ImportFlags, stream: ImageStream, tag: string): TagSource => {
  const followed = followTag(stream, tag);
  switch (followed.kind) {
    case 'found':
      return existingSource(flags, tag, followed);
    case 'missing': {
      const from = flags.from ?? (tag === 'latest' ? (stream.spec?.dockerImageRepository ?? '') : '');
      if (from !== '') return { tag, from };
      throw failed(
        `the tag ${quote(tag)} does not exist on the image stream - choose an existing tag to import or use the 'tag' command to create a new tag`,
      );
    }
    case 'invalid':
      throw failed(`tag ${quote(tag)} points to an invalid imagestreamtag`);
    case 'other-stream':
      throw failed(`tag ${quote(tag)} points to an imagestreamtag from another ImageStream`);
    case 'circular':
      throw failed(`tag ${quote(tag)} on the image stream is a reference to same tag`);
  }
};

const specFor = (flags: ImportFlags, target: ImportTarget, stream: ImageStream | undefined): ImportSpec => {
  if (stream === undefined) {
    if (!flags.confirm)
      throw failed(
        `no image stream named ${quote(target.stream)} exists, pass --confirm to create and import`,
      );
    const from = flags.from ?? flags.target;
    return target.tag === undefined
      ? repositorySpec(flags, undefined, from)
      : imagesSpec(flags, undefined, [{ tag: target.tag, from }]);
  }
  return target.tag === undefined
    ? importAll(flags, stream)
    : imagesSpec(flags, stream, [tagSource(flags, stream, target.tag)]);
};

/**
 * The request that `import-image` sends, given the stream as it is now (undefined where there is none).
 *
 * @throws {CliError} `failed`, in the words of `oc import-image`, when the stream does not allow it.
 * @see openshift-semantics §6.1
 */
export const importRequest = (
  flags: ImportFlags,
  target: ImportTarget,
  stream: ImageStream | undefined,
  namespace: string,
): ImageStreamImport => {
  const resourceVersion = stream?.metadata.resourceVersion;
  return {
    kind: 'ImageStreamImport',
    apiVersion: 'image.openshift.io/v1',
    metadata: {
      name: target.stream,
      namespace,
      // The stream must still be the one that the rules above were applied to.
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: specFor(flags, target, stream),
    status: {},
  };
};
