import { type Parsed } from './descriptor.ts';
import { parseJsonObject } from './json.ts';
import type { ImageConfig } from './types.ts';

/**
 * Reads a config blob: any JSON object, since artifacts put their own words there.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export const parseImageConfig = (bytes: Uint8Array): Parsed<ImageConfig> => {
  const config = parseJsonObject(bytes);
  return config === undefined
    ? { ok: false, problem: 'the config is not a JSON object' }
    : { ok: true, value: config };
};
