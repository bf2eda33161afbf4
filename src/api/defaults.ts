import {
  asRepository,
  formatDockerImageReference,
  parseDockerImageReference,
} from './docker-image-reference.ts';
import type { Image } from './image.ts';
import type {
  ImageStream,
  ImageStreamSpec,
  ImageStreamStatus,
  NamedTagEventList,
  TagImportPolicy,
  TagReference,
  TagReferencePolicy,
} from './image-stream.ts';
import type { ImageImportSpec, ImageStreamImport, RepositoryImportSpec } from './image-stream-import.ts';

/*
 * Defaults, and the one shape that objects have whoever wrote them: what the original prints although it is empty (`annotations: null`,
 * `lookupPolicy.local: false`) is there, what it leaves out (`insecure: false`) is not. After openshift/api `image/v1/types.go` and
 * openshift-apiserver `pkg/image/apis/image/v1/defaults.go`. Fields that nobody here knows stay: a cluster may have newer CRDs than this program.
 */

/** The object without the fields that are undefined. */
const compact = <T extends object>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

const trueOnly = (value: boolean | undefined): true | undefined => (value === true ? true : undefined);
const filledOnly = <Item>(list: readonly Item[] | null | undefined): readonly Item[] | undefined =>
  list === null || list?.length === 0 ? undefined : list;

const withImportPolicy = (policy: TagImportPolicy = {}): TagImportPolicy => {
  const { insecure, scheduled, importMode, ...unknown } = policy;
  return compact<TagImportPolicy>({
    insecure: trueOnly(insecure),
    scheduled: trueOnly(scheduled),
    importMode: importMode || 'Legacy',
    ...unknown,
  });
};

const withReferencePolicy = (policy: TagReferencePolicy | undefined): TagReferencePolicy => ({
  ...policy,
  type: policy?.type || 'Source',
});

/** A spec tag with its defaults: import mode `Legacy`, reference policy `Source`. */
export const applyTagReferenceDefaults = (tag: TagReference): TagReference => {
  const { name, annotations, from, reference, generation, importPolicy, referencePolicy, ...unknown } = tag;
  return compact<TagReference>({
    name,
    annotations: Object.keys(annotations ?? {}).length === 0 ? null : annotations,
    from,
    reference: trueOnly(reference),
    generation: generation ?? null,
    importPolicy: withImportPolicy(importPolicy),
    referencePolicy: withReferencePolicy(referencePolicy),
    ...unknown,
  });
};

/** One item a key, the last one, sorted by key: the original keeps these lists as maps. */
const collapse = <Item>(
  items: readonly Item[] | null | undefined,
  keyOf: (item: Item) => string,
): readonly Item[] =>
  [...new Map((items ?? []).map((item) => [keyOf(item), item])).values()].toSorted((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : 1,
  );

const withSpecDefaults = (spec: ImageStreamSpec = {}): ImageStreamSpec => {
  const { lookupPolicy, dockerImageRepository, tags, ...unknown } = spec;
  return compact<ImageStreamSpec>({
    lookupPolicy: { local: lookupPolicy?.local ?? false },
    dockerImageRepository: dockerImageRepository || undefined,
    tags: filledOnly(collapse(tags, ({ name }) => name).map(applyTagReferenceDefaults)),
    ...unknown,
  });
};

const withListDefaults = (list: NamedTagEventList): NamedTagEventList =>
  compact<NamedTagEventList>({
    ...list,
    items: filledOnly(list.items) ?? null,
    conditions: filledOnly(list.conditions),
  });

const withStatusDefaults = (status: ImageStreamStatus | undefined): ImageStreamStatus =>
  compact<ImageStreamStatus>({
    ...status,
    dockerImageRepository: status?.dockerImageRepository ?? '',
    publicDockerImageRepository: status?.publicDockerImageRepository || undefined,
    tags: filledOnly(collapse(status?.tags, ({ tag }) => tag).map(withListDefaults)),
  });

/** A stream with its defaults; of tags with the same name the last one stays, and tags are sorted by name. */
export const applyImageStreamDefaults = (stream: ImageStream): ImageStream => ({
  ...stream,
  spec: withSpecDefaults(stream.spec),
  status: withStatusDefaults(stream.status),
});

/** Where the images of streams are served from, where there is an integrated registry at all. */
export type RegistryHosts = {
  /** Host and port within the cluster. */
  readonly internal?: string | undefined;
  /** Host and port from outside. */
  readonly external?: string | undefined;
};

/** Fills in the computed repository fields of the status; they are never taken from input. */
export const decorateImageStream = (stream: ImageStream, hosts: RegistryHosts = {}): ImageStream => {
  const path = `${stream.metadata.namespace ?? ''}/${stream.metadata.name}`;
  const at = (host: string | undefined): string | undefined => host && `${host}/${path}`;
  return {
    ...stream,
    status: compact<ImageStreamStatus>({
      ...stream.status,
      dockerImageRepository: at(hosts.internal) ?? repositoryOf(stream.spec?.dockerImageRepository ?? ''),
      publicDockerImageRepository: at(hosts.external),
    }),
  };
};

/** The repository without tag and digest; text that is no reference is left as it is. */
const repositoryOf = (text: string): string => {
  const parsed = parseDockerImageReference(text);
  return 'error' in parsed ? text : formatDockerImageReference(asRepository(parsed));
};

/** The tag that a pull spec names itself, where it does. */
const explicitTag = (name: string | undefined): string | undefined => {
  const parsed = parseDockerImageReference(name ?? '');
  return 'error' in parsed || parsed.tag === '' ? undefined : parsed.tag;
};

const withImageImportDefaults = (spec: ImageImportSpec): ImageImportSpec => {
  const tag = explicitTag(spec.from.name);
  return compact<ImageImportSpec>({
    from: spec.from,
    to: spec.to ?? (tag === undefined ? undefined : { name: tag }),
    importPolicy: withImportPolicy(spec.importPolicy),
    referencePolicy: withReferencePolicy(spec.referencePolicy),
    includeManifest: trueOnly(spec.includeManifest),
  });
};

const withRepositoryImportDefaults = (spec: RepositoryImportSpec): RepositoryImportSpec =>
  compact<RepositoryImportSpec>({
    from: spec.from,
    importPolicy: withImportPolicy(spec.importPolicy),
    referencePolicy: withReferencePolicy(spec.referencePolicy),
    includeManifest: trueOnly(spec.includeManifest),
  });

/**
 * An import request with its defaults. An image without `to` goes to the tag that its pull spec names; one that names none is fetched
 * and reported, and goes nowhere.
 */
export const applyImageStreamImportDefaults = (request: ImageStreamImport): ImageStreamImport => {
  const { repository, images } = request.spec ?? {};
  return {
    ...request,
    spec: compact<NonNullable<ImageStreamImport['spec']>>({
      import: request.spec?.import ?? false,
      repository: repository === undefined ? undefined : withRepositoryImportDefaults(repository),
      images: filledOnly(images)?.map(withImageImportDefaults),
    }),
  };
};

/** What an Image says of an image of which nothing is known. */
export const emptyDockerImageMetadata = {
  kind: 'DockerImage',
  apiVersion: 'image.openshift.io/1.0',
  Id: '',
  Created: null,
  ContainerConfig: {},
} as const;

/** An image with its defaults. */
export const applyImageDefaults = (image: Image): Image => ({
  ...image,
  dockerImageMetadata: image.dockerImageMetadata ?? emptyDockerImageMetadata,
  dockerImageMetadataVersion: image.dockerImageMetadataVersion || '1.0',
});
