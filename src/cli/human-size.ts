const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** Four significant digits without trailing zeros, as C's `%.4g` prints numbers below 1000. */
const fourDigits = (value: number): string => String(Number(value.toPrecision(4)));

/**
 * A size in bytes in docker's words: `116B`, `20.33kB`, `1.5GB`; one kB is 1000 bytes.
 *
 * @see https://github.com/docker/go-units/blob/master/size.go
 */
export const formatSize = (sizeBytes: number): string => {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${fourDigits(value)}${units[unit] ?? ''}`;
};
