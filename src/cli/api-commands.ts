import { type Command, Option } from 'commander';
import type { ApiOptions, CommandContext } from './context.ts';
import type { CliPorts } from './ports.ts';

type ApiCommand<Options> = (
  context: CommandContext,
  args: readonly string[],
  options: Options,
) => Promise<void>;

/** Adds the options of everything that speaks to the server. The program has them too: they may also stand before the command. */
export const withApiOptions = (command: Command): Command =>
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

const tagExamples = `
Examples:
  # Point a tag at an image of a registry, and have it checked periodically.
  imagestreams tag quay.io/team/web:1.4 web:stable --scheduled
  # Give the image that a tag has now to another tag; later moves of the first do not count.
  imagestreams tag web:stable web:prod
  # Let a tag follow another one of its stream.
  imagestreams tag web:stable web:latest --alias
  # Delete a tag with its history.
  imagestreams tag -d web:old
`;

const declareTagOptions = (command: Command): void => {
  command
    .option('--source <KIND>', 'what SOURCE is: istag, isimage or docker (default: by its form)')
    .option('-d, --delete', 'delete the tags that are named')
    .option('--alias', 'follow the source, a tag of the same stream')
    .option('--reference', 'point at the source only, and never import it')
    .option('--scheduled', 'have the source checked again periodically')
    .option('--insecure', 'allow certificates that do not verify, and plain http')
    .addOption(new Option('--no-insecure').hideHelp())
    .option('--reference-policy <POLICY>', 'source or local')
    .option('--import-mode <MODE>', 'Legacy (one manifest of a list) or PreserveOriginal (the whole list)')
    .addHelpText('after', tagExamples);
};

const migrateExamples = `
Examples:
  # Carry over every image stream of an OpenShift cluster, with the images of its history.
  oc get imagestreams,images --all-namespaces -o yaml > streams.yaml
  imagestreams migrate streams.yaml
  # Those of one project, into another namespace.
  oc -n shop get imagestreams -o yaml | imagestreams migrate - -n store
`;

const declareMigrateOptions = (command: Command): void => {
  command
    .option('--overwrite', 'replace tags and history of streams that exist already')
    .option('--dry-run', 'tell what would be carried over, and write nothing')
    .addHelpText('after', migrateExamples);
};

/** Declares the commands about change events. */
const addEventCommands = (program: Command, ports: CliPorts): void => {
  addApiCommand(program, ports, {
    usage: 'parked [ID...]',
    summary: 'list change events that a receiver refused, send them again or drop them',
    declare: (command) =>
      command
        .option('--resume', 'send the events with these ids again')
        .option('--drop', 'forget the events with these ids')
        .option('--all', 'of all ids')
        .option('-A, --all-namespaces', 'of all namespaces')
        .option(outputOption, 'table or json'),
    load: async () => (await import('./commands/parked.ts')).parked,
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

/** Declares every command that speaks to the server. */
export const addApiCommands = (program: Command, ports: CliPorts): void => {
  addEventCommands(program, ports);
  addApiCommand(program, ports, {
    usage: 'import-image <STREAM[:TAG]>',
    summary: 'import tags into an image stream now',
    declare: declareImportOptions,
    load: async () => (await import('./commands/import-image.ts')).importImage,
  });
  addApiCommand(program, ports, {
    usage: 'tag [SOURCE] [DEST...]',
    summary: 'point tags at an image: [NAMESPACE/]STREAM:TAG, STREAM@DIGEST or a pull spec',
    declare: declareTagOptions,
    load: async () => (await import('./commands/tag.ts')).tag,
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
    usage: 'rollback <STREAM:TAG>',
    summary: 'go back to an older image, and stay there until the source has a new one',
    declare: (command) =>
      command
        .option('--to <REVISION|DIGEST>', 'entry of the history to go back to (default: the image before)')
        .option('--resume', 'follow the source again'),
    load: async () => (await import('./commands/rollback.ts')).rollback,
  });
  addApiCommand(program, ports, {
    usage: 'migrate <FILE...>',
    summary: 'carry image streams with their history over from OpenShift: what "oc get is -o yaml" prints',
    declare: declareMigrateOptions,
    load: async () => (await import('./commands/migrate.ts')).migrate,
  });
  addApiCommand(program, ports, {
    usage: 'why <STREAM[:TAG]|REF>',
    summary: 'explain where images come from, or why they do not; a REF (with a / or @) needs no server',
    declare: (command) =>
      command
        .option('--insecure', 'of a REF: allow certificates that do not verify, and plain http')
        .option(
          '--controller <NAMESPACE/SERVICE>',
          'in a cluster: the service of the controller (default: imagestreams/imagestreams-metrics)',
        )
        .option(outputOption, 'table, json or yaml'),
    load: async () => (await import('./commands/why.ts')).why,
  });
};
