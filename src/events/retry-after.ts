/** The longest wait that a receiver may ask for; afterwards one request finds out anew. */
const maxWaitMs = 3_600_000;

/** Milliseconds that a `Retry-After` header asks to wait, in seconds or until an HTTP date; undefined where it says nothing. */
export const retryAfterMs = (header: string | undefined, nowMs: number): number | undefined => {
  const text = header?.trim() ?? '';
  const isDate = /^[A-Z][a-z]{2}, .* GMT$/.test(text);
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : isDate ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(maxWaitMs, Math.max(0, waitMs));
};
