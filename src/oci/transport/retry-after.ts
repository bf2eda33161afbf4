import type { RegistryResponse } from './send.ts';

/** The longest wait that a registry may ask for; afterwards one request finds out anew. */
const maxRetryAfterMs = 3_600_000;

/** Larger numbers are points in time (seconds since the epoch: Docker Hub once did so), smaller ones durations. */
const firstEpochSeconds = 1_000_000_000;

/**
 * Milliseconds that a `Retry-After` header asks to wait: seconds (also fractions, which proxies send), an HTTP date, seconds since the
 * epoch, or a duration as Go writes it (`1m30s`, `331.163µs`). `undefined` where there is none, or where it says nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export const parseRetryAfter = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined;
  const text = header.trim();
  const delayMs = /^\d+(?:\.\d+)?$/.test(text)
    ? delayOfNumber(Number(text), nowMs)
    : (goDuration(text) ?? httpDate(text) - nowMs);
  return Number.isNaN(delayMs) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, Math.ceil(delayMs)));
};

const delayOfNumber = (seconds: number, nowMs: number): number =>
  seconds >= firstEpochSeconds ? seconds * 1000 - nowMs : seconds * 1000;

const goUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** @see https://pkg.go.dev/time#Duration.String */
const goDuration = (text: string): number | undefined => {
  // Headers are read as Latin-1, in which the two bytes of µ are two letters.
  const written = text.replaceAll('Âµ', 'µ').replaceAll('Î¼', 'μ');
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(written)) return undefined;
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (goUnitsMs[unit ?? ''] ?? 0), 0);
};

/** Only the three forms of RFC 9110 §5.6.7: `Date.parse` alone takes almost any text for a date. */
const httpDatePattern = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

const httpDate = (text: string): number => {
  if (!httpDatePattern.test(text)) return Number.NaN;
  // The asctime form has no zone and means GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
};

/** What GHCR writes into its errors: `retry-after: 331.163µs, allowed: 44000/minute`. */
const retryInBody = /\bretry-after:\s*([0-9a-zµμ.]{1,40})/i;
const allowedInBody = /\ballowed:\s*(\d{1,9})\/(second|minute|hour)\b/i;

/** Errors say such things in the beginning. */
const bodyBytes = 4096;

const bodyOf = ({ bytes }: RegistryResponse): string =>
  new TextDecoder().decode(bytes.subarray(0, bodyBytes));

const perSecondUnits: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600 };

/** Milliseconds that an answer asks to wait, in a header or in its text; `undefined` where it does not. */
export const retryAfterOf = (response: RegistryResponse, nowMs: number): number | undefined => {
  const { headers, status } = response;
  const header = headers['retry-after'] ?? headers['x-retry-after'];
  // Points in time are meant on the clock of who names them, which may be wrong.
  const theirNowMs = httpDate(headers['date'] ?? '');
  const told = parseRetryAfter(header, Number.isNaN(theirNowMs) ? nowMs : theirNowMs);
  if (told !== undefined || status !== 429) return told;
  return parseRetryAfter(retryInBody.exec(bodyOf(response))?.[1], nowMs);
};

/** Requests per second that a refusal says are allowed; `undefined` where it does not. */
export const allowedPerSecond = (response: RegistryResponse): number | undefined => {
  const [, amount, unit = ''] = allowedInBody.exec(bodyOf(response)) ?? [];
  return amount === undefined ? undefined : Number(amount) / (perSecondUnits[unit.toLowerCase()] ?? 1);
};
