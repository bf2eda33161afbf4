const timeExpression = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const goLayout = '2006-01-02T15:04:05Z07:00';

const timeProblem = (text: string): string | undefined =>
  timeExpression.test(text) && !Number.isNaN(Date.parse(text))
    ? undefined
    : `parsing time ${JSON.stringify(text)} as ${JSON.stringify(goLayout)}: cannot parse it`;

const base64Problem = (text: string): string | undefined => {
  // Go ignores line breaks within base64, and so do the tools that write it.
  const packed = text.replaceAll(/[\r\n]/g, '');
  const bad = packed.search(/[^A-Za-z0-9+/=]|=(?!=?$)/);
  if (bad === -1 && packed.length % 4 === 0) return undefined;
  return `illegal base64 data at input byte ${bad === -1 ? packed.length - (packed.length % 4) : bad}`;
};

/** What is wrong with a string of a format or a closed set, in the words of Kubernetes; undefined where nothing is. */
export const decodeText = (
  text: string,
  { format, enum: values }: { readonly format?: string; readonly enum?: readonly string[] },
): string | undefined => {
  if (values !== undefined && !values.includes(text)) {
    const supported = values.map((value) => JSON.stringify(value)).join(', ');
    return `Unsupported value: ${JSON.stringify(text)}: supported values: ${supported}`;
  }
  if (format === 'date-time') return timeProblem(text);
  return format === 'byte' ? base64Problem(text) : undefined;
};
