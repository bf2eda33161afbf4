import type { ImageStreamImport } from '../../api/image-stream-import.ts';
import { imageStreamImports } from '../../api/resources.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { answersImports, importByObject } from '../import-object.ts';
import { describeImport, importFailures } from '../import-report.ts';
import { importRequest } from '../import-request.ts';
import { type ImportFlags, type ImportTarget, parseImportTarget } from '../import-target.ts';
import { parseOutput, writeDocument } from '../output.ts';
import { importModeOf, referencePolicyOf } from '../policies.ts';
import type { CliPorts } from '../ports.ts';
import { withProgress } from '../progress.ts';
import { findStream, isRefusal } from '../streams.ts';

export type ImportImageOptions = {
  readonly from?: string;
  readonly all?: boolean;
  readonly confirm?: boolean;
  readonly scheduled?: boolean;
  readonly insecure?: boolean;
  readonly dryRun?: string;
  readonly importMode?: string;
  readonly referencePolicy?: string;
  readonly output?: string;
};

/** How often the request is made anew because the stream changed between reading it and importing into it. */
const maxTries = 4;

type DryRun = 'none' | 'client' | 'server';

const dryRunOf = (text: string | undefined): DryRun => {
  switch (text) {
    case undefined:
    case 'none':
    case 'false':
      return 'none';
    case 'client':
      return 'client';
    // Without a value it means what it means to oc: ask the registry, store nothing.
    case 'server':
    case 'true':
      return 'server';
    default:
      throw new CliError('usage', `--dry-run "${text}" is none of client, server, none`);
  }
};

const flagsOf = (target: string, options: ImportImageOptions, dryRun: DryRun): ImportFlags => ({
  target,
  from: options.from === '' ? undefined : options.from,
  all: options.all === true,
  confirm: options.confirm === true,
  scheduled: options.scheduled === true,
  insecure: options.insecure,
  importMode: importModeOf(options.importMode),
  referencePolicy: referencePolicyOf(options.referencePolicy),
  dryRun: dryRun !== 'none',
});

const prepare = async (
  client: ApiClient,
  flags: ImportFlags,
  target: ImportTarget,
  signal: AbortSignal,
): Promise<ImageStreamImport> =>
  importRequest(flags, target, await findStream(client, target.stream, signal), client.namespace);

/** Reads the stream and imports into it; again, when it changed in between. */
const run = async (
  client: ApiClient,
  flags: ImportFlags,
  target: ImportTarget,
  ports: CliPorts,
): Promise<ImageStreamImport> => {
  const { signal } = ports;
  const isAnswered = await answersImports(client, signal);
  for (let tries = 1; ; tries++) {
    const request = await prepare(client, flags, target, signal);
    if (!isAnswered) return importByObject(client, request, ports);
    try {
      return await client.create(imageStreamImports, request, signal);
    } catch (error) {
      if (tries >= maxTries || !isRefusal(error, 'Conflict')) throw error;
    }
  }
};

const labelOf = (flags: ImportFlags): string =>
  `importing ${flags.all ? 'all tags of ' : ''}${flags.from ?? flags.target}`;

/** `import-image STREAM[:TAG]`: has the server import tags now, and shows what came of it as `oc import-image` does. */
export const importImage = async (
  { ports, connect }: CommandContext,
  [name = '']: readonly string[],
  options: ImportImageOptions,
): Promise<void> => {
  const format = parseOutput(options.output ?? 'table', ['table', 'json', 'yaml', 'name']);
  const dryRun = dryRunOf(options.dryRun);
  const flags = flagsOf(name, options, dryRun);
  const target = parseImportTarget(flags);
  const client = await connect();
  const { stdout, stderr, signal, clock } = ports;

  if (dryRun === 'client') {
    const request = await prepare(client, flags, target, signal);
    if (format === 'json' || format === 'yaml') return writeDocument(stdout, format, request);
    stdout.write(`imagestreamimport.image.openshift.io/${target.stream} created (client dry run)\n`);
    return;
  }

  const result = await withProgress(stderr, clock, labelOf(flags), () => run(client, flags, target, ports));
  const failures = importFailures(result);
  if (format === 'json' || format === 'yaml') await writeDocument(stdout, format, result);
  else if (format === 'name') stdout.write(`imagestream.image.openshift.io/${target.stream}\n`);
  else
    stdout.write(describeImport(result, { stream: target.stream, dryRun: flags.dryRun, nowMs: clock.now() }));
  for (const failure of failures) stderr.write(`error: ${failure}\n`);
  if (failures.length > 0) throw new CliError('failed', 'imported completed with errors');
};
