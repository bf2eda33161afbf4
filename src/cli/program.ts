import { Command } from 'commander';
import { addApiCommands, withApiOptions } from './api-commands.ts';
import type { CliPorts, SettingHelp } from './ports.ts';

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

const addProbe = (program: Command, ports: CliPorts): void => {
  const command = program
    .command('probe <REGISTRY[/REPOSITORY]>')
    .description('find out what a registry supports; needs no server')
    .option('--insecure', 'allow certificates that do not verify, and plain http')
    .option('-o, --output <FORMAT>', 'table, json or yaml');
  command.action(async () => {
    const { probe } = await import('./commands/probe.ts');
    await probe({ ports }, command.args, command.opts());
  });
};

/** The settings of the server as a section of its help. */
const formatSettings = (settings: readonly SettingHelp[]): string =>
  settings
    .map(({ flag, variable, help, shown }) => `  ${flag}\n      ${help} (${variable}; default: ${shown})\n`)
    .join('');

/** Everything after the name of a mode belongs to it: its own table of settings reads it. */
const addMode = (
  program: Command,
  mode: { readonly name: 'serve' | 'controller'; readonly description: string },
  ports: CliPorts,
  onExitCode: (exitCode: number) => void,
): void => {
  const command = program
    .command(mode.name)
    .description(mode.description)
    .usage('[settings]')
    .allowUnknownOption()
    .allowExcessArguments()
    .passThroughOptions()
    .addHelpText('after', () => `\nSettings:\n${formatSettings(ports.settingsHelp())}`);
  command.action(async () => {
    if (command.args.some((argument) => argument === '--help' || argument === '-h')) command.help();
    onExitCode(await ports[mode.name](command.args));
  });
};

const modes = [
  { name: 'serve', description: 'run the server: API, importer and controllers, with a store of its own' },
  { name: 'controller', description: 'run the controllers on the objects of a Kubernetes cluster' },
] as const;

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
  for (const mode of modes) addMode(program, mode, ports, onExitCode);
  addApiCommands(program, ports);
  addWatch(program, ports);
  addProbe(program, ports);
  return program;
};
