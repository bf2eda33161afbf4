import type { RegistryResponse } from './send.ts';

/** What a registry says is left of a quota. */
export type Quota = {
  readonly remaining: number;
  readonly limit: number | undefined;
  /** Over which time the limit holds, in milliseconds. */
  readonly windowMs: number | undefined;
  /** Until there is all of it again, in milliseconds from now; `undefined`: it does not say. */
  readonly resetMs: number | undefined;
};

/** Longer resets are believed for so long only: one request finds out anew. */
const maxResetMs = 3_600_000;
/** Larger numbers are points in time (seconds since the epoch), smaller ones durations. */
const firstEpochSeconds = 1_000_000_000;

type Parameters = ReadonlyMap<string, string>;

/** `100;w=60`, `limit=100, remaining=50`, `"default";r=50;t=30`: names with values, whatever separates them; a bare first item is `''`. */
const parseParameters = (header: string): Parameters => {
  const found = new Map<string, string>();
  for (const part of header.split(/[;,]/)) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim().toLowerCase();
    const value = part.slice(at + 1).trim();
    if (!found.has(name)) found.set(name, value);
  }
  return found;
};

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const resetOf = (seconds: number | undefined, nowMs: number): number | undefined => {
  if (seconds === undefined) return undefined;
  const ms = seconds >= firstEpochSeconds ? seconds * 1000 - nowMs : seconds * 1000;
  return Math.min(maxResetMs, Math.max(0, ms));
};

/** The fields of one header each: Docker Hub's, the first drafts', and their forerunners with `X-`. */
const separate = (headers: RegistryResponse['headers'], nowMs: number): Quota | undefined => {
  const read = (name: string): Parameters | undefined => {
    const header = headers[`ratelimit-${name}`] ?? headers[`x-ratelimit-${name}`];
    return header === undefined ? undefined : parseParameters(header);
  };
  const left = read('remaining');
  const limit = read('limit');
  const remaining = numberOf(left?.get(''));
  if (remaining === undefined) return undefined;
  const windowSeconds = numberOf(left?.get('w') ?? limit?.get('w'));
  return {
    remaining,
    limit: numberOf(limit?.get('')),
    windowMs: windowSeconds === undefined ? undefined : windowSeconds * 1000,
    resetMs: resetOf(numberOf(read('reset')?.get('')), nowMs),
  };
};

/** All in one header: `RateLimit: limit=100, remaining=50, reset=5` (draft 7), `RateLimit: "default";r=50;t=30` (draft 8 and later). */
const combined = (headers: RegistryResponse['headers'], nowMs: number): Quota | undefined => {
  const header = headers['ratelimit'];
  if (header === undefined) return undefined;
  const fields = parseParameters(header);
  const policy = parseParameters(headers['ratelimit-policy'] ?? '');
  const remaining = numberOf(fields.get('remaining') ?? fields.get('r'));
  if (remaining === undefined) return undefined;
  const windowSeconds = numberOf(policy.get('w'));
  return {
    remaining,
    limit: numberOf(fields.get('limit') ?? policy.get('q') ?? policy.get('')),
    windowMs: windowSeconds === undefined ? undefined : windowSeconds * 1000,
    resetMs: resetOf(numberOf(fields.get('reset') ?? fields.get('t')), nowMs),
  };
};

/**
 * What an answer says of the quota; `undefined` where it says nothing that makes sense.
 *
 * @see https://docs.docker.com/docker-hub/usage/pulls/
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export const parseQuota = (
  { headers }: Pick<RegistryResponse, 'headers'>,
  nowMs: number,
): Quota | undefined => combined(headers, nowMs) ?? separate(headers, nowMs);
