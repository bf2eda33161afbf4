/** Numbers from 0 up to, not including, `below`; the same ones for the same seed. */
export type Random = (below: number) => number;

/** Mulberry32: short, and good enough to choose what to break. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

/** What stands where something sensible is expected. */
const oddities: readonly (() => unknown)[] = [
  () => null,
  () => -1,
  () => 1e308,
  () => 0.5,
  () => Number.MAX_SAFE_INTEGER + 2,
  () => '',
  () => 'x'.repeat(10_000),
  () => '\u0000\ud800',
  () => true,
  () => [],
  () => ({}),
  () => nested(1_000),
  () => Array.from({ length: 2_000 }, () => ({})),
  () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  () => `sha256:${'F'.repeat(64)}`,
  () => 'application/vnd.oci.image.index.v1+json',
];

type Holder = Record<string, unknown> | unknown[];

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null;

/** Replaces, removes, renames or repeats one member somewhere in a document. */
const mutateJson = (value: unknown, random: Random): void => {
  let holder = value;
  while (isHolder(holder)) {
    const keys = Object.keys(holder);
    const key = keys[random(keys.length)];
    if (key === undefined) return;
    const member: unknown = Reflect.get(holder, key);
    if (isHolder(member) && random(3) > 0) {
      holder = member;
      continue;
    }
    const change = random(4);
    if (change === 0) Reflect.deleteProperty(holder, key);
    else if (change === 1)
      Reflect.set(holder, ['layers', 'manifests', 'config', 'fsLayers'][random(4)] ?? '', member);
    else Reflect.set(holder, key, oddities[random(oddities.length)]?.());
    return;
  }
};

const mutateBytes = (bytes: Uint8Array, random: Random): Uint8Array => {
  const at = random(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random(40));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random(4)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, part, part, after]);
    case 2:
      return Buffer.concat([before, Buffer.from([random(256)]), after]);
    default:
      return bytes.subarray(0, at);
  }
};

/** A document with one to four things wrong. */
export const mutate = (document: Uint8Array, random: Random): Uint8Array => {
  const value: unknown = JSON.parse(Buffer.from(document).toString());
  let bytes = document;
  if (random(3) > 0) {
    for (let changes = random(3); changes >= 0; changes -= 1) mutateJson(value, random);
    bytes = Buffer.from(JSON.stringify(value));
  }
  return random(3) > 0 || bytes.length === 0 ? bytes : mutateBytes(bytes, random);
};
