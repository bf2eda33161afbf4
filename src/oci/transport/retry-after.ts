/** The longest wait that a registry may ask for; afterwards one request finds out anew. */
const maxRetryAfterMs = 3_600_000;

/**
 * Milliseconds that a `Retry-After` header asks to wait: seconds (also fractions, which proxies send) or an HTTP date.
 * `undefined` where there is none, or where it says nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export const parseRetryAfter = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined;
  const text = header.trim();
  const delayMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : httpDate(text) - nowMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, Math.ceil(delayMs)));
};

/** Only the three forms of RFC 9110 §5.6.7: `Date.parse` alone takes almost any text for a date. */
const httpDatePattern = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

const httpDate = (text: string): number => {
  if (!httpDatePattern.test(text)) return Number.NaN;
  // The asctime form has no zone and means GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
};
