/** One scheme that a server offers in `WWW-Authenticate`. */
export type Challenge = {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; of a repeated name the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
};

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const space = /[ \t]*/y;
const separators = /[ \t,]*/y;
const equals = /[ \t]*=[ \t]*/y;
/** Credentials of schemes such as `Negotiate`, which stand in place of parameters. */
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;

type Scanner = {
  readonly take: (pattern: RegExp) => RegExpExecArray | null;
};

const createScanner = (text: string): Scanner => {
  let position = 0;
  return {
    take: (pattern) => {
      pattern.lastIndex = position;
      const match = pattern.exec(text);
      if (match !== null) position = pattern.lastIndex;
      return match;
    },
  };
};

const takeValue = (scanner: Scanner): string | undefined => {
  const inQuotes = scanner.take(quoted);
  if (inQuotes !== null) return (inQuotes[1] ?? '').replaceAll(/\\(.)/g, '$1');
  return scanner.take(token)?.[0];
};

/**
 * Reads `WWW-Authenticate`, where challenges and their parameters are parted by the same commas. What follows the first
 * violation of the grammar is ignored.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export const parseChallenges = (header: string): readonly Challenge[] => {
  const scanner = createScanner(header);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (;;) {
    scanner.take(separators);
    const name = scanner.take(token)?.[0];
    if (name === undefined) return challenges;
    if (scanner.take(equals) === null) {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      scanner.take(space);
      scanner.take(token68);
      continue;
    }
    const value = takeValue(scanner);
    const parameters = challenges.at(-1)?.parameters;
    if (value === undefined || parameters === undefined) return challenges;
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
};
