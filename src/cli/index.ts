import { CommanderError } from 'commander';
import { normalizeArguments } from './arguments.ts';
import { CliError, exitCodes } from './errors.ts';
import type { CliPorts } from './ports.ts';
import { createProgram } from './program.ts';

export type { CliPorts, ReferenceChange, SettingHelp, WatchOptions, Writer } from './ports.ts';
export { createProgram } from './program.ts';

/** Exit code of a program that was interrupted, as shells expect it. */
const interruptedExitCode = 130;

/** Says what ended a command, where it was not said yet, and gives its exit code. A bug is rethrown. */
const exitCodeOf = async (error: unknown, ports: CliPorts): Promise<number> => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof CliError) {
    ports.stderr.write(`error: ${error.message}\n`);
    return exitCodes[error.code];
  }
  if (ports.signal.aborted) return interruptedExitCode;
  const { serverSentence } = await import('./server-sentence.ts');
  const sentence = serverSentence(error);
  if (sentence !== undefined) {
    ports.stderr.write(`${sentence}\n`);
    return exitCodes.failed;
  }
  throw error;
};

/**
 * Runs one command line (without the program's own name) and resolves to its exit code: 0 all done, 1 something failed, 2 usage,
 * 3 the API is unreachable.
 *
 * Rejects only for a bug.
 */
export const runCli = async (argv: readonly string[], ports: CliPorts): Promise<number> => {
  let exitCode = 0;
  const program = createProgram(ports, (own) => {
    exitCode = own;
  });
  try {
    await program.parseAsync([...normalizeArguments(argv)], { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, ports);
  }
};
