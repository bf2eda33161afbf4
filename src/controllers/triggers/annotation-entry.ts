/** An entry of the annotation `image.openshift.io/triggers` as it is written. */
export type Entry = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly fieldPath: string;
  readonly paused: boolean;
  /** What is odd about the names of its fields, a sentence for the user each. */
  readonly remarks: readonly string[];
};

/** What is wrong with an annotation as a whole; the message is a sentence for the user. */
export class AnnotationProblem extends Error {
  override readonly name = 'AnnotationProblem';
}

type Fields = Readonly<Record<string, unknown>>;

/** Of an entry. `lastTriggeredImage` is what old versions of `oc` wrote; nobody reads it. */
const entryFields = ['from', 'fieldPath', 'paused', 'lastTriggeredImage'];
/** Those of an `ObjectReference`. */
const fromFields = ['kind', 'namespace', 'name', 'apiVersion', 'uid', 'resourceVersion', 'fieldPath'];

/** `null` stands for "not set" everywhere, as in the original's decoder. */
const asFields = (value: unknown, what: string): Fields => {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new AnnotationProblem(`${what} must be an object`);
  return value as Fields;
};

const asText = (value: unknown, what: string): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new AnnotationProblem(`${what} must be a string`);
  return value;
};

const asFlag = (value: unknown, what: string): boolean => {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean')
    throw new AnnotationProblem(`${what} must be true or false, without quotes`);
  return value;
};

const isSpelling = (name: string, of: string): boolean => name.toLowerCase() === of.toLowerCase();

/** A field by its name, in any case where that one is not there: the original's decoder (Go) reads `Paused` as `paused`, too. */
const fieldOf = (fields: Fields, name: string): unknown =>
  fields[name] ?? fields[Object.keys(fields).find((key) => isSpelling(key, name)) ?? name];

const remarksOn = (fields: Fields, known: readonly string[], where: string): readonly string[] =>
  Object.keys(fields)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = known.find((name) => isSpelling(key, name));
      const named = `${where}${JSON.stringify(key)}`;
      return meant === undefined
        ? `the field ${named} is not known and has no effect`
        : `the field ${named} is read as ${JSON.stringify(meant)}: write it so`;
    });

const decodeEntry = (value: unknown, index: number): Entry => {
  const entry = asFields(value, `entry ${index}`);
  const from = asFields(fieldOf(entry, 'from'), `from of entry ${index}`);
  const textOf = (name: string): string => asText(fieldOf(from, name), `from.${name} of entry ${index}`);
  return {
    kind: textOf('kind'),
    apiVersion: textOf('apiVersion'),
    name: textOf('name'),
    namespace: textOf('namespace'),
    fieldPath: asText(fieldOf(entry, 'fieldPath'), `fieldPath of entry ${index}`),
    paused: asFlag(fieldOf(entry, 'paused'), `paused of entry ${index}`),
    remarks: [...remarksOn(entry, entryFields, ''), ...remarksOn(from, fromFields, 'from.')],
  };
};

/**
 * Reads the entries of the annotation.
 *
 * @throws {AnnotationProblem} where it is malformed
 */
export const decodeEntries = (text: string): readonly Entry[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AnnotationProblem('it is not valid JSON');
  }
  if (value === null) return [];
  if (!Array.isArray(value)) throw new AnnotationProblem('it must be a JSON array');
  return value.map(decodeEntry);
};
