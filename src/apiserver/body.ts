import { parse as parseYaml } from 'yaml';
import { badRequestError, unsupportedMediaTypeError } from './errors.ts';
import { parseProtobufBody, protobufMediaType } from './protobuf.ts';
import type { RequestBody } from './request.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

const textOf = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw badRequestError('the body of the request is not UTF-8', error);
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @throws {StatusError} 400 for what is not JSON. */
export const parseJsonBody = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(textOf(bytes));
  } catch (error) {
    throw badRequestError(`the body of the request could not be parsed as JSON: ${messageOf(error)}`, error);
  }
};

/** @throws {StatusError} 400 for what is not one YAML document. */
export const parseYamlBody = (bytes: Uint8Array): unknown => {
  try {
    return parseYaml(textOf(bytes), { prettyErrors: false, merge: true });
  } catch (error) {
    throw badRequestError(`the body of the request could not be parsed as YAML: ${messageOf(error)}`, error);
  }
};

/**
 * The value that a body holds.
 *
 * @throws {StatusError} 400 for what cannot be parsed, 415 for a media type that is not read here.
 */
export const parseBody = ({ mediaType, bytes }: RequestBody): unknown => {
  switch (mediaType) {
    case '':
    case 'application/json':
      return parseJsonBody(bytes);
    case 'application/yaml':
      return parseYamlBody(bytes);
    case protobufMediaType:
      return parseProtobufBody(bytes);
    default:
      throw unsupportedMediaTypeError(['application/json', 'application/yaml', protobufMediaType]);
  }
};
