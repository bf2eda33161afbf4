import { Writer } from 'protobufjs/minimal.js';
import { parseAccept } from './negotiate.ts';

/**
 * `/openapi/v2`, which kubectl asks for before it sends anything of a List or of a kind that it does not find in `/openapi/v3`. It names no
 * schema and no path, on purpose: what the clients then check themselves they check here, against the schemas of version 3 and of the
 * server; two copies could only disagree.
 */

const title = 'imagestreams';

/** The only form that kubectl reads: as it asks for it, and as Kubernetes answers, since `@` is in no media type. */
const askedFor = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** @see https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto */
const encode = (version: string): Uint8Array => {
  const writer = Writer.create().uint32(10).string('2.0');
  writer.uint32(18).fork().uint32(10).string(title).uint32(18).string(version).ldelim();
  // Paths and definitions: there, and empty.
  return writer.uint32(66).fork().ldelim().uint32(74).fork().ldelim().finish();
};

/** The document in the form that an Accept header asks for: the binary one of kubectl, else JSON. */
export const createOpenApiV2 = (version: string) => {
  const binary = encode(version);
  const text = JSON.stringify({ swagger: '2.0', info: { title, version }, paths: {}, definitions: {} });
  return (
    accept: string | undefined,
  ): { readonly contentType: string; readonly body: string | Uint8Array } =>
    parseAccept(accept).some(({ mediaType }) => mediaType === askedFor || mediaType === protobuf)
      ? { contentType: protobuf, body: binary }
      : { contentType: 'application/json', body: text };
};
