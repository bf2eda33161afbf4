import { type Parsed } from './descriptor.ts';
import { jsonExcess, parseJsonObject } from './json.ts';
import type { ImageConfig } from './types.ts';

/** Real configs hold some hundreds: layers, variables, labels. */
const maxValues = 100_000;

/**
 * Reads a config blob: any JSON object, since artifacts put their own words there.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export const parseImageConfig = (bytes: Uint8Array): Parsed<ImageConfig> => {
  const excess = jsonExcess(bytes, maxValues);
  if (excess !== undefined) return { ok: false, problem: `the config ${excess}` };
  const config = parseJsonObject(bytes);
  return config === undefined
    ? { ok: false, problem: 'the config is not a JSON object' }
    : { ok: true, value: config };
};
