/** Characters of one warning, and of all of one answer, that are sent: more than that nobody reads, and headers have an end. */
const maxLength = 256;
const maxTotalLength = 4096;

/** Bytes of UTF-8 in the only characters that Node lets into a header; what would end the header is left out. */
const headerText = (text: string): string =>
  Buffer.from(text.replaceAll(/\p{Cc}/gu, ' '), 'utf8').toString('latin1');

const shortened = (text: string): string => (text.length <= maxLength ? text : text.slice(0, maxLength));

/**
 * The values of the `Warning` header that clients print.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7234#section-5.5 and apiserver/pkg/endpoints/filters/warning.go
 */
export const formatWarnings = (warnings: readonly string[]): readonly string[] => {
  let left = maxTotalLength;
  return [...new Set(warnings)].map(shortened).flatMap((text) => {
    left -= text.length;
    if (left < 0) return [];
    return [`299 - "${headerText(text.replaceAll(/["\\]/g, String.raw`\$&`))}"`];
  });
};
