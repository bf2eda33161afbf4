import { type Parsed, parseDescriptor, parseDescriptors, parsePlatformDescriptor } from './descriptor.ts';
import type { RegistryFault } from './errors.ts';
import { type JsonObject, jsonExcess, parseJsonObject } from './json.ts';
import { mediaTypes, parseMediaType, schema1MediaTypes } from './media-type.ts';
import type { Manifest } from './types.ts';

/** A manifest, or which of the two ways in which bytes can fail to be one. */
export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | {
      readonly ok: false;
      readonly code: 'unsupported-media-type' | 'invalid-response';
      readonly problem: string;
      readonly fault?: RegistryFault;
    };

/** As many descriptors as are read, with a hundred members each. */
const maxValues = 100_000;

type Refusal = Extract<ParsedManifest, { ok: false }>;

const invalid = (problem: string): Refusal => ({ ok: false, code: 'invalid-response', problem });
const unsupported = (problem: string): Refusal => ({ ok: false, code: 'unsupported-media-type', problem });

const schema1: Refusal = {
  ...unsupported(
    'the manifest is Docker schema 1, which is no longer read; push the image again in a current format',
  ),
  fault: 'schema1',
};

/** Types that say nothing, sent by servers and caches that do not know manifests: the body's own word counts then. */
const genericTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/octet-stream',
  'binary/octet-stream',
  'text/plain',
]);

const imageTypes: ReadonlySet<string> = new Set([mediaTypes.dockerManifest, mediaTypes.ociManifest]);
const indexTypes: ReadonlySet<string> = new Set([mediaTypes.dockerManifestList, mediaTypes.ociIndex]);

const imageConfigTypes: ReadonlySet<string> = new Set([
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
]);

/** Which media type the bytes have: what the header and the body agree on. */
const agreeOnMediaType = (contentType: string | undefined, body: JsonObject): string | Refusal => {
  const header = contentType === undefined ? undefined : parseMediaType(contentType);
  const embedded = body['mediaType'];
  if (embedded !== undefined && typeof embedded !== 'string') return invalid('mediaType is not a string');
  const generic = header === undefined || genericTypes.has(header);
  if (
    (header !== undefined && schema1MediaTypes.includes(header)) ||
    (generic && body['schemaVersion'] === 1)
  ) {
    return schema1;
  }
  if (generic) return embedded ?? unsupported('the registry does not say which media type the manifest has');
  if (embedded !== undefined && embedded !== '' && embedded !== header) {
    return invalid(`the registry says ${header} but the manifest says ${quote(embedded)}`);
  }
  return header;
};

/** Text from outside in a sentence: short, on one line. */
const quote = (text: string): string => JSON.stringify(text.slice(0, 100).replaceAll(/[^\x20-\x7e]/g, '?'));

const hasAny = (body: JsonObject, names: readonly string[]): boolean =>
  names.some((name) => body[name] !== undefined);

const parseImage = (body: JsonObject, mediaType: string): ParsedManifest => {
  if (hasAny(body, ['manifests', 'fsLayers'])) {
    return invalid('the manifest is an image and a list at the same time');
  }
  const config = parseDescriptor(body['config'], 'config');
  if (!config.ok) return invalid(config.problem);
  const layers = parseDescriptors(body['layers'], 'layers', parseDescriptor);
  if (!layers.ok) return invalid(layers.problem);
  const artifactType = artifactTypeOf(body, mediaType, config.value.mediaType);
  if (!artifactType.ok) return invalid(artifactType.problem);
  const image = { kind: 'image', mediaType, config: config.value, layers: layers.value } as const;
  return {
    ok: true,
    manifest: artifactType.value === undefined ? image : { ...image, artifactType: artifactType.value },
  };
};

/**
 * Only OCI manifests hold artifacts: images pushed by Docker 1.10 have configs of type `application/octet-stream`.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage
 */
const artifactTypeOf = (
  body: JsonObject,
  mediaType: string,
  configType: string,
): Parsed<string | undefined> => {
  const artifactType = body['artifactType'];
  if (artifactType !== undefined && typeof artifactType !== 'string') {
    return { ok: false, problem: 'artifactType is not a string' };
  }
  if (artifactType !== undefined && artifactType !== '') return { ok: true, value: artifactType };
  const isImage = mediaType !== mediaTypes.ociManifest || imageConfigTypes.has(configType);
  return { ok: true, value: isImage ? undefined : configType };
};

const parseIndex = (body: JsonObject, mediaType: string): ParsedManifest => {
  if (hasAny(body, ['layers', 'config', 'fsLayers'])) {
    return invalid('the manifest is an image and a list at the same time');
  }
  const manifests = parseDescriptors(body['manifests'], 'manifests', parsePlatformDescriptor);
  if (!manifests.ok) return invalid(manifests.problem);
  return { ok: true, manifest: { kind: 'index', mediaType, manifests: manifests.value } };
};

/**
 * Reads the bytes of a manifest as what header and body agree that they are. Both must agree, and a body that could be read as an
 * image and as a list is refused, because two readers would see two images under one digest (CVE-2021-41190).
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md
 * @see https://distribution.github.io/distribution/spec/manifest-v2-2/
 */
export const parseManifest = (bytes: Uint8Array, contentType: string | undefined): ParsedManifest => {
  if (contentType !== undefined && parseMediaType(contentType) === 'text/html') {
    return { ...invalid('the answer is a web page, not a manifest'), fault: 'web-page' };
  }
  const excess = jsonExcess(bytes, maxValues);
  if (excess !== undefined) return invalid(`the manifest ${excess}`);
  const body = parseJsonObject(bytes);
  if (body === undefined) return invalid('the manifest is not a JSON object');
  const mediaType = agreeOnMediaType(contentType, body);
  if (typeof mediaType !== 'string') return mediaType;
  if (imageTypes.has(mediaType) || indexTypes.has(mediaType)) {
    if (body['schemaVersion'] !== 2) return invalid('schemaVersion is not 2');
    return imageTypes.has(mediaType) ? parseImage(body, mediaType) : parseIndex(body, mediaType);
  }
  return unsupported(`manifests of type ${quote(mediaType)} are not supported`);
};
