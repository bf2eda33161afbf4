import { Reader } from 'protobufjs/minimal.js';
import { StatusError } from '../api/status.ts';
import { formatTime } from '../lib/clock.ts';
import { badRequestError, unsupportedMediaTypeError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { protobufKinds } from './protobuf-kinds.ts';
import { base64, type Field, type FieldType, type Message, message, string } from './protobuf-schema.ts';

/**
 * Objects in the binary form that `kubectl create` sends for built-in kinds; it does not try again with JSON.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */

/** How every such body starts. */
const magic = Buffer.from('k8s\0');

/** Wire types of protobuf that occur in Kubernetes types. */
const varint = 0;
const lengthDelimited = 2;

const nestedReader = (reader: Reader): Reader => Reader.create(reader.bytes());

const readInteger = (reader: Reader): number => {
  const { high, low } = reader.int64();
  const value = high * 2 ** 32 + (low >>> 0);
  if (!Number.isSafeInteger(value)) throw badRequestError('the body holds an integer beyond 2^53');
  return value;
};

/** The integers and strings of a small message, by field number; for the types that JSON writes as one value. */
const readScalars = (reader: Reader): ReadonlyMap<number, number | string> => {
  const values = new Map<number, number | string>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    values.set(tag >>> 3, (tag & 7) === varint ? readInteger(reader) : reader.string());
  }
  return values;
};

/** A Time without seconds is Go's zero time, which JSON writes as null. */
const readTime = (reader: Reader): string | null => {
  const seconds = readScalars(nestedReader(reader)).get(1);
  return typeof seconds === 'number' ? formatTime(seconds * 1000) : null;
};

const readIntOrString = (reader: Reader): number | string => {
  const values = readScalars(nestedReader(reader));
  return values.get(1) === 1 ? (values.get(3) ?? '') : (values.get(2) ?? 0);
};

const readValue = (reader: Reader, type: FieldType): unknown => {
  switch (type.kind) {
    case 'string':
      return reader.string();
    case 'base64':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'integer':
      return readInteger(reader);
    case 'boolean':
      return reader.bool();
    case 'time':
      return readTime(reader);
    case 'quantity':
      return readScalars(nestedReader(reader)).get(1) ?? '0';
    case 'intOrString':
      return readIntOrString(reader);
    case 'message':
      return readMessage(nestedReader(reader), type.message);
  }
};

/** Go writes fields that are not pointers even where they are empty; JSON leaves those out. */
const isAbsent = ({ type }: Field, value: unknown): boolean => {
  const explicit = 'explicit' in type && type.explicit;
  return value === '' || (!explicit && (value === 0 || value === false));
};

const emptyOf = ({ kind }: FieldType): unknown => (kind === 'string' || kind === 'base64' ? '' : {});

const readEntry = (reader: Reader, type: FieldType): readonly [string, unknown] => {
  let key = '';
  let value = emptyOf(type);
  while (reader.pos < reader.len) {
    if (reader.uint32() >>> 3 === 1) key = reader.string();
    else value = readValue(reader, type);
  }
  return [key, value];
};

const expectedWireType = ({ type, repeated }: Field): number =>
  repeated !== 'map' && (type.kind === 'integer' || type.kind === 'boolean') ? varint : lengthDelimited;

const readField = (reader: Reader, field: Field, old: unknown): unknown => {
  switch (field.repeated) {
    case 'no':
      return readValue(reader, field.type);
    case 'list':
      return [...((old as readonly unknown[] | undefined) ?? []), readValue(reader, field.type)];
    case 'map':
      return Object.fromEntries([
        ...Object.entries((old as JsonObject | undefined) ?? {}),
        readEntry(nestedReader(reader), field.type),
      ]);
  }
};

const readMessage = (reader: Reader, { name, fields }: Message): JsonObject => {
  const values = new Map<string, unknown>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = fields.get(tag >>> 3);
    if (field === undefined || (tag & 7) !== expectedWireType(field))
      throw badRequestError(
        `field ${tag >>> 3} of ${name} is not understood in ${protobufMediaType}; send application/json`,
      );
    const value = readField(reader, field, values.get(field.name));
    if (field.repeated !== 'no' || !isAbsent(field, value)) values.set(field.name, value);
  }
  return Object.fromEntries(values);
};

const envelope = message('Unknown', {
  1: {
    name: 'typeMeta',
    repeated: 'no',
    type: { kind: 'message', message: message('TypeMeta', { 1: string('apiVersion'), 2: string('kind') }) },
  },
  2: base64('raw'),
  3: string('contentEncoding'),
  4: string('contentType'),
});

type Envelope = {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  readonly raw?: string;
  readonly contentEncoding?: string;
};

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const readObject = (bytes: Uint8Array): JsonObject => {
  const outer = readMessage(Reader.create(bytes.subarray(magic.length)), envelope) as Envelope;
  const { apiVersion = '', kind = '' } = outer.typeMeta ?? {};
  const inner = protobufKinds.get(`${apiVersion} ${kind}`);
  if (inner === undefined || outer.contentEncoding !== undefined)
    throw unsupportedMediaTypeError(['application/json', 'application/yaml']);
  return { apiVersion, kind, ...readMessage(Reader.create(Buffer.from(outer.raw ?? '', 'base64')), inner) };
};

/**
 * The JSON form of an object in protobuf.
 *
 * @throws {StatusError} 400 for what is no such object or has fields that are not understood, 415 for a kind that is not read here.
 */
export const parseProtobufBody = (bytes: Uint8Array): JsonObject => {
  if (!magic.equals(bytes.subarray(0, magic.length)))
    throw badRequestError('the body of the request is not a Kubernetes object in protobuf');
  try {
    return readObject(bytes);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequestError('the body of the request could not be parsed as protobuf', error);
  }
};
