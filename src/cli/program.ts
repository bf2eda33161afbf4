import { Command } from 'commander';
import type { ApiOptions, CommandContext } from './context.ts';
import type { CliPorts, SettingHelp } from './ports.ts';

type ApiCommand<Options> = (
  context: CommandContext,
  args: readonly string[],
  options: Options,
) => Promise<void>;

/** Adds the options of everything that speaks to the server. The program has them too: they may also stand before the command. */
const withApiOptions = (command: Command): Command =>
  command
    .optionsGroup('Connection:')
    .option('-n, --namespace <NS>', "namespace (default: the context's, else default)")
    .option(
      '--kubeconfig <FILE>',
      'kubeconfig (default: KUBECONFIG, .imagestreams/kubeconfig, ~/.kube/config)',
    )
    .option('--context <NAME>', 'context of the kubeconfig (default: its current one)')
    .option('--request-timeout <DURATION>', 'longest wait for an answer of the server, 0 for none')
    .optionsGroup('Options:');

const outputOption = '-o, --output <FORMAT>';

/** Declares a command that speaks to the server; its code is loaded when it runs. */
const addApiCommand = <Options>(
  program: Command,
  ports: CliPorts,
  declaration: {
    readonly usage: string;
    readonly summary: string;
    /** Adds the options that only this command has. */
    readonly declare?: (command: Command) => void;
    readonly load: () => Promise<ApiCommand<Options>>;
  },
): void => {
  const command = program.command(declaration.usage).description(declaration.summary);
  declaration.declare?.(command);
  withApiOptions(command);
  command.action(async () => {
    const options: ApiOptions & Options = { ...program.opts(), ...command.opts() };
    const [run, { createContext }] = await Promise.all([declaration.load(), import('./context.ts')]);
    await run(createContext(ports, options), command.args, options);
  });
};

const importExamples = `
Examples:
  # Import the tag latest into a new stream.
  imagestreams import-image web --from=quay.io/team/web:latest --confirm
  # Import it again, now.
  imagestreams import-image web
  # Import every tag of a repository, and have them checked periodically.
  imagestreams import-image web --from=quay.io/team/web --all --scheduled --confirm
`;

const declareImportOptions = (command: Command): void => {
  command
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
    .option(outputOption, 'table, json, yaml or name')
    .addHelpText('after', importExamples);
};

const addApiCommands = (program: Command, ports: CliPorts): void => {
  addApiCommand(program, ports, {
    usage: 'import-image <STREAM[:TAG]>',
    summary: 'import tags into an image stream now',
    declare: declareImportOptions,
    load: async () => (await import('./commands/import-image.ts')).importImage,
  });
  addApiCommand(program, ports, {
    usage: 'describe <STREAM...>',
    summary: 'show streams, their tags (STREAM:TAG) or images (STREAM@DIGEST) in full',
    load: async () => (await import('./commands/describe.ts')).describe,
  });
  addApiCommand(program, ports, {
    usage: 'history <STREAM[:TAG]>',
    summary: 'list every image that a tag had',
    declare: (command) => command.option(outputOption, 'table, json or yaml'),
    load: async () => (await import('./commands/history.ts')).history,
  });
  addApiCommand(program, ports, {
    usage: 'events [STREAM[:TAG]]',
    summary: 'tell what happened to tags, and what happens',
    declare: (command) =>
      command
        .option('-f, --follow', 'go on with what happens from now on')
        .option('--since <TIME>', 'only what is newer: a duration like 10m, or an RFC 3339 time')
        .option('-A, --all-namespaces', 'of all namespaces')
        .option(outputOption, 'table or json (one object a line)'),
    load: async () => (await import('./commands/events.ts')).events,
  });
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
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 all done, 1 something failed, 2 wrong usage, 3 the API server cannot be reached.',
    );
  withApiOptions(program);
  addServe(program, ports, onExitCode);
  addApiCommands(program, ports);
  addWatch(program, ports);
  return program;
};
