const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `1m30s`, `15m`, `1h` → milliseconds; undefined when it is no duration. */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitsMs[unit ?? ''] ?? 0), 0);
};

/** Milliseconds → `15m`, `1h30m`, `500ms`: the form that {@link parseDuration} reads. */
export const formatDuration = (ms: number): string => {
  if (ms < 1000) return `${ms}ms`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  let left = ms;
  return units
    .map(([unit, size]) => {
      const amount = unit === 's' ? Math.round((left / size) * 1000) / 1000 : Math.floor(left / size);
      left -= amount * size;
      return amount === 0 ? '' : `${amount}${unit}`;
    })
    .join('');
};
