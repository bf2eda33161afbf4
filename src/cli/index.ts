import { Command, CommanderError } from 'commander';
import { normalizeArguments } from './arguments.ts';
import type { ApiOptions, CommandContext } from './context.ts';
import { CliError, exitCodes } from './errors.ts';
import type { CliPorts, SettingHelp } from './ports.ts';

export type { CliPorts, ReferenceChange, SettingHelp, WatchOptions, Writer } from './ports.ts';

/** Exit code of a program that was interrupted, as shells expect it. */
const interruptedExitCode = 130;

type ApiCommand<Options> = (
  context: CommandContext,
  args: readonly string[],
  options: Options,
) => Promise<void>;

/** Adds the options of everything that speaks to the server. The program has them too: they may also stand before the command. */
const withApiOptions = (command: Command): Command =>
  command
    .option('-n, --namespace <NS>', "namespace (default: the context's, else default)")
    .option(
      '--kubeconfig <FILE>',
      'kubeconfig (default: KUBECONFIG, .imagestreams/kubeconfig, ~/.kube/config)',
    )
    .option('--context <NAME>', 'context of the kubeconfig (default: its current one)')
    .option('--request-timeout <DURATION>', 'longest wait for an answer of the server, 0 for none');

const outputOption = '-o, --output <FORMAT>';

/** Declares a command that speaks to the server; its code is loaded when it runs. */
const addApiCommand = <Options>(
  program: Command,
  ports: CliPorts,
  declaration: {
    readonly usage: string;
    readonly summary: string;
    readonly load: () => Promise<ApiCommand<Options>>;
  },
): Command => {
  const command = withApiOptions(program.command(declaration.usage).description(declaration.summary));
  return command.action(async () => {
    const options: ApiOptions & Options = { ...program.opts(), ...command.opts() };
    const [run, { createContext }] = await Promise.all([declaration.load(), import('./context.ts')]);
    await run(createContext(ports, options), command.args, options);
  });
};

const addImportImage = (program: Command, ports: CliPorts): void => {
  addApiCommand(program, ports, {
    usage: 'import-image <STREAM[:TAG]>',
    summary: 'import tags into an image stream now',
    load: async () => (await import('./commands/import-image.ts')).importImage,
  })
    .option('--from <REF>', 'repository or image to import (default: what the stream says)')
    .option('--confirm', 'create the stream, or let it import from somewhere else')
    .option('--all', 'import all tags of the stream, or with --from of the repository')
    .option('--insecure', 'allow certificates that do not verify, and plain http')
    .option('--no-insecure', "overrule the stream's annotation that allows them")
    .option('--scheduled', 'have the tags checked again periodically')
    .option(
      '--dry-run [MODE]',
      'server: fetch, store nothing; client: print the request (default without a value: server)',
    )
    .option('--import-mode <MODE>', 'Legacy (one manifest of a list) or PreserveOriginal (the whole list)')
    .option('--reference-policy <POLICY>', 'source or local')
    .option(outputOption, 'table, json, yaml or name');
};

const addReaders = (program: Command, ports: CliPorts): void => {
  addApiCommand(program, ports, {
    usage: 'describe <STREAM|STREAM:TAG|STREAM@DIGEST...>',
    summary: 'show streams, tags or images in full',
    load: async () => (await import('./commands/describe.ts')).describe,
  });
  addApiCommand(program, ports, {
    usage: 'history <STREAM[:TAG]>',
    summary: 'list every image that a tag had',
    load: async () => (await import('./commands/history.ts')).history,
  }).option(outputOption, 'table, json or yaml');
};

const addWatch = (program: Command, ports: CliPorts): void => {
  const command = program
    .command('watch <REF...>')
    .description('follow references at their registries and tell when they move; needs no server')
    .option('--interval <DURATION>', 'time between two checks', '1m')
    .option(
      '--exec <CMD>',
      'shell command to run for every move, with IMAGESTREAMS_REFERENCE, IMAGESTREAMS_OLD_DIGEST and IMAGESTREAMS_NEW_DIGEST',
    )
    .option('--insecure', 'allow certificates that do not verify, and plain http');
  command.action(async () => {
    const { watch } = await import('./commands/watch.ts');
    await watch(ports, command.args, command.opts());
  });
};

/** The settings of the server as a section of its help. */
const formatSettings = (settings: readonly SettingHelp[]): string =>
  settings
    .map(({ flag, variable, help, shown }) => `  ${flag}\n      ${help} (${variable}; default: ${shown})\n`)
    .join('');

/** Everything after `serve` belongs to the server: its own table of settings reads it. */
const addServe = (program: Command, ports: CliPorts, onExitCode: (exitCode: number) => void): void => {
  const command = program
    .command('serve')
    .description('run the server: API, importer and controllers, with a store of its own')
    .usage('[settings]')
    .allowUnknownOption()
    .allowExcessArguments()
    .passThroughOptions()
    .addHelpText('after', () => `\nSettings:\n${formatSettings(ports.settingsHelp())}`);
  command.action(async () => {
    if (command.args.some((argument) => argument === '--help' || argument === '-h')) command.help();
    onExitCode(await ports.serve(command.args));
  });
};

/** The command line of the program. `onExitCode` hears the exit code of a command that ends with one of its own. */
export const createProgram = (
  ports: CliPorts,
  onExitCode: (exitCode: number) => void = () => undefined,
): Command => {
  const program = new Command('imagestreams')
    .description('ImageStreams for every Kubernetes cluster, and for machines without one.')
    .version(ports.version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => ports.stdout.write(text),
      writeErr: (text) => ports.stderr.write(text),
    });
  withApiOptions(program);
  addServe(program, ports, onExitCode);
  addImportImage(program, ports);
  addReaders(program, ports);
  addWatch(program, ports);
  return program;
};

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
