import { parseDigest } from './digest.ts';
import { isJsonObject } from './json.ts';
import type { Descriptor, Platform, PlatformDescriptor } from './types.ts';

/** A value, or a sentence that says what is wrong with the JSON it was read from. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

const bad = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem });

const isStringMap = (value: unknown): value is Readonly<Record<string, string>> =>
  isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');

/**
 * Reads a descriptor; `at` names its place in sentences. `urls` and `data` are left out on purpose: nothing is fetched from elsewhere.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md
 */
export const parseDescriptor = (json: unknown, at: string): Parsed<Descriptor> => {
  if (!isJsonObject(json)) return bad(`${at} is not an object`);
  const { mediaType, digest: digestText, size, annotations } = json;
  if (typeof mediaType !== 'string' || mediaType === '') return bad(`${at}.mediaType is missing`);
  const digest = typeof digestText === 'string' ? parseDigest(digestText) : undefined;
  if (digest === undefined) return bad(`${at}.digest is not a digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return bad(`${at}.size is not a number of bytes`);
  }
  if (annotations === undefined || annotations === null)
    return { ok: true, value: { mediaType, digest, size } };
  if (!isStringMap(annotations)) return bad(`${at}.annotations is not a map of strings`);
  return { ok: true, value: { mediaType, digest, size, annotations } };
};

/** Fields that are left out are empty: the original records such entries with empty platforms, too. */
const parsePlatform = (json: unknown, at: string): Parsed<Platform | undefined> => {
  if (json === undefined || json === null) return { ok: true, value: undefined };
  if (!isJsonObject(json)) return bad(`${at} is not an object`);
  const { architecture = '', os = '', variant } = json;
  if (typeof architecture !== 'string' || typeof os !== 'string') {
    return bad(`${at} has an architecture or os that is not a string`);
  }
  if (variant === undefined || variant === '') return { ok: true, value: { architecture, os } };
  if (typeof variant !== 'string') return bad(`${at}.variant is not a string`);
  return { ok: true, value: { architecture, os, variant } };
};

/** Reads an entry of a manifest list or index. @see https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export const parsePlatformDescriptor = (json: unknown, at: string): Parsed<PlatformDescriptor> => {
  const descriptor = parseDescriptor(json, at);
  if (!descriptor.ok) return descriptor;
  const platform = parsePlatform(isJsonObject(json) ? json['platform'] : undefined, `${at}.platform`);
  if (!platform.ok) return platform;
  return {
    ok: true,
    value:
      platform.value === undefined ? descriptor.value : { ...descriptor.value, platform: platform.value },
  };
};

/** The longest list of descriptors that is read: one hostile manifest must not cost tens of thousands of requests. */
const maxDescriptors = 1024;

/** Reads a list of descriptors. `null` is empty: Go programs write an empty list so. */
export const parseDescriptors = <Item>(
  json: unknown,
  at: string,
  parseItem: (json: unknown, at: string) => Parsed<Item>,
): Parsed<readonly Item[]> => {
  if (json === null) return { ok: true, value: [] };
  if (!Array.isArray(json)) return bad(`${at} is not a list`);
  if (json.length > maxDescriptors) return bad(`${at} has more than ${maxDescriptors} entries`);
  const items: Item[] = [];
  for (const [index, item] of json.entries()) {
    const parsed = parseItem(item, `${at}[${index}]`);
    if (!parsed.ok) return parsed;
    items.push(parsed.value);
  }
  return { ok: true, value: items };
};
