import type { CommandContext } from '../context.ts';
import { formatTable, parseOutput, writeDocument } from '../output.ts';

export type ProbeOptions = { readonly output?: string; readonly insecure?: boolean };

/** `probe REGISTRY[/REPOSITORY]`: what a registry supports. */
export const probe = async (
  { ports }: Pick<CommandContext, 'ports'>,
  [target = '']: readonly string[],
  options: ProbeOptions,
): Promise<void> => {
  const format = parseOutput(options.output ?? 'table', ['table', 'json', 'yaml']);
  const findings = await ports.probeRegistry(target, { insecure: options.insecure === true }, ports.signal);
  if (format !== 'table') return writeDocument(ports.stdout, format, findings);
  ports.stdout.write(
    formatTable(
      ['CHECK', 'FINDING', 'DETAIL'],
      findings.map(({ check, finding, detail }) => [check, finding, detail]),
    ),
  );
};
