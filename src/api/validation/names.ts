/** What is wrong with a name; no entries where nothing is. */
export type NameRule = (name: string) => readonly string[];

const dns1123Label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dns1123Subdomain = `${dns1123Label}(\\.${dns1123Label})*`;
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedPart})?`;
const streamName = '[a-z0-9]+(?:[._-][a-z0-9]+)*';

const expressions = {
  dns1123Label: new RegExp(`^${dns1123Label}$`),
  dns1123Subdomain: new RegExp(`^${dns1123Subdomain}$`),
  qualifiedPart: new RegExp(`^${qualifiedPart}$`),
  labelValue: new RegExp(`^${labelValue}$`),
  streamName: new RegExp(`^${streamName}$`),
};

const tooLong = (name: string, maxBytes: number): readonly string[] =>
  Buffer.byteLength(name) > maxBytes ? [`must be no more than ${maxBytes} bytes`] : [];
const unless = (fits: boolean, problem: string): readonly string[] => (fits ? [] : [problem]);
/** Only what is short enough is matched: expressions are for names, not for whatever a client sends. */
const matches = (expression: RegExp, name: string): boolean => name.length <= 512 && expression.test(name);

/** The rule of Namespaces. The texts of these rules are those of k8s.io/apimachinery `pkg/util/validation`. */
export const dns1123LabelRule: NameRule = (name) => [
  ...tooLong(name, 63),
  ...unless(
    matches(expressions.dns1123Label, name),
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
      `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${dns1123Label}')`,
  ),
];

/** The rule of most kinds: Secrets, ConfigMaps, Deployments. */
export const dns1123SubdomainRule: NameRule = (name) => [
  ...tooLong(name, 253),
  ...unless(
    matches(expressions.dns1123Subdomain, name),
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with " +
      `an alphanumeric character (e.g. 'example.com', regex used for validation is '${dns1123Subdomain}')`,
  ),
];

/** The rule of names that only have to be one segment of a path, such as `sha256:…` of an Image. */
export const pathSegmentRule: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
};

/** The rule of ImageStreams: a name that is also one component of a repository. */
export const imageStreamNameRule: NameRule = (name) => {
  const reasons = pathSegmentRule(name);
  if (reasons.length > 0) return reasons;
  return unless(matches(expressions.streamName, name), `must match ${JSON.stringify(streamName)}`);
};

const qualifiedPartRule = (part: string): readonly string[] => [
  ...unless(part !== '', 'name part must be non-empty'),
  ...tooLong(part, 63).map((reason) => `name part ${reason}`),
  ...unless(
    matches(expressions.qualifiedPart, part),
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
      `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}')`,
  ),
];

/** The rule of label and annotation keys: `name`, or `prefix/name` with a DNS name in front. */
export const qualifiedNameRule: NameRule = (key) => {
  const [first = '', second, ...rest] = key.split('/');
  if (rest.length > 0) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
        `character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}') with an ` +
        "optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  if (second === undefined) return qualifiedPartRule(first);
  const prefix = first === '' ? ['must be non-empty'] : dns1123SubdomainRule(first);
  return [...prefix.map((reason) => `prefix part ${reason}`), ...qualifiedPartRule(second)];
};

/** The rule of label values. */
export const labelValueRule: NameRule = (value) => [
  ...tooLong(value, 63),
  ...unless(
    matches(expressions.labelValue, value),
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with " +
      `an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
  ),
];
