/** A JSON object whose members are not yet checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that came out of JSON is an object, and neither a list nor `null`. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a JSON text costs to hold, found out without building any of it. */
export type JsonShape = {
  /** Values in it, about: members, items and what holds them. */
  readonly values: number;
  /** How deep they are nested. */
  readonly depth: number;
};

/** Lists within lists cost hundreds of times their bytes; what registries serve is some five levels deep. */
const maxDepth = 64;

const quote = 0x22;
const backslash = 0x5c;

/** The index of the quote that ends a string, or the end of the text. */
const endOfString = (bytes: Uint8Array, start: number): number => {
  for (let end = bytes.indexOf(quote, start); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length;
};

/** Counts what is in a JSON text; of any other text some number. */
export const jsonShape = (bytes: Uint8Array): JsonShape => {
  let values = 0;
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    switch (bytes[index] ?? 0) {
      case quote:
        index = endOfString(bytes, index + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        values += 1;
        depth += 1;
        if (depth > deepest) deepest = depth;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        break;
      default: // part of a number, a word or the space between
        break;
    }
  }
  return { values, depth: deepest };
};

/** What is too much about a JSON text, to be said of it; `undefined`: nothing. Costs far less than finding out by parsing it. */
export const jsonExcess = (bytes: Uint8Array, maxValues: number): string | undefined => {
  const { values, depth } = jsonShape(bytes);
  if (depth > maxDepth) return `nests deeper than ${maxDepth} levels`;
  return values > maxValues ? `holds more than ${maxValues} values` : undefined;
};

/** The JSON object that `bytes` spell in UTF-8; `undefined` where they spell anything else, or nest absurdly. */
export const parseJsonObject = (bytes: Uint8Array): JsonObject | undefined => {
  if (jsonExcess(bytes, Number.POSITIVE_INFINITY) !== undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Neither UTF-8 nor JSON: callers say in their own words what they expected.
    return undefined;
  }
};
