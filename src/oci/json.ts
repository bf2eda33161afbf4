/** A JSON object whose members are not yet checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that came out of JSON is an object, and neither a list nor `null`. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object that `bytes` spell in UTF-8; `undefined` where they spell anything else. */
export const parseJsonObject = (bytes: Uint8Array): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Neither UTF-8 nor JSON: callers say in their own words what they expected.
    return undefined;
  }
};
