import { CliError } from './errors.ts';

/** Commands whose flags are those of `oc`. */
const commands = ['import-image', 'tag'];
/** Their switches, which people also write with a value, as `oc` takes them: `--scheduled=true`. */
const switches = ['confirm', 'all', 'insecure', 'scheduled', 'alias', 'reference', 'delete'];

const trueWords = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const falseWords = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

const switchOf = (name: string, value: string): readonly string[] => {
  if (trueWords.includes(value)) return [`--${name}`];
  // Only "not insecure" says something that leaving the flag out does not: it overrules the stream's annotation.
  if (falseWords.includes(value)) return name === 'insecure' ? ['--no-insecure'] : [];
  throw new CliError('usage', `--${name}="${value}": neither true nor false`);
};

const normalize = (argument: string): readonly string[] => {
  const match = /^--([a-z-]+)=(.*)$/s.exec(argument);
  const name = match?.[1];
  if (name !== undefined && switches.includes(name)) return switchOf(name, match?.[2] ?? '');
  // An optional value would otherwise swallow the name that follows.
  return argument === '--dry-run' ? ['--dry-run=server'] : [argument];
};

/**
 * Writes the flags of `import-image` and `tag` in the one form that the parser knows; everything after `--` and every other command
 * stays as it is.
 *
 * @throws {CliError} `usage` for a switch with a value that is neither true nor false.
 */
export const normalizeArguments = (argv: readonly string[]): readonly string[] => {
  if (!commands.some((command) => argv.includes(command))) return argv;
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return [...flags.flatMap(normalize), ...argv.slice(flags.length)];
};
