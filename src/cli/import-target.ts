import { parseDockerImageReference } from '../api/docker-image-reference.ts';
import { CliError } from './errors.ts';

/** What `import-image` was asked for. */
export type ImportFlags = {
  /** `STREAM[:TAG]`; where no stream exists yet and there is no `from`, also the pull spec to import. */
  readonly target: string;
  readonly from: string | undefined;
  readonly all: boolean;
  readonly confirm: boolean;
  readonly scheduled: boolean;
  /** Undefined where the flag was not given: then the stream's annotation decides. */
  readonly insecure: boolean | undefined;
  readonly importMode: 'Legacy' | 'PreserveOriginal';
  readonly referencePolicy: 'Source' | 'Local';
  /** Nothing is stored. */
  readonly dryRun: boolean;
};

/** The stream, and the one tag to import; no tag with `--all`. */
export type ImportTarget = { readonly stream: string; readonly tag: string | undefined };

const usage = (message: string): CliError => new CliError('usage', message);

/** A target that is no pull spec but a plain `STREAM[:TAG]`, whose name may hold dots. */
const splitPlain = (target: string): { readonly name: string; readonly tag: string } => {
  const [name = '', ...tag] = target.split(':');
  return { name, tag: tag.join(':') };
};

/**
 * Splits the target of an import.
 *
 * @throws {CliError} `usage`, in the words of `oc import-image`.
 */
export const parseImportTarget = (flags: Pick<ImportFlags, 'target' | 'all'>): ImportTarget => {
  const parsed = parseDockerImageReference(flags.target);
  if ('error' in parsed)
    throw usage(
      'the image name must be a valid container image pull spec or reference to an image stream (e.g. myregistry/myteam/image:tag)',
    );
  if (parsed.id !== '') throw usage("to import images by ID, use the 'tag' command");
  const { name, tag } = flags.target.includes('/') ? parsed : splitPlain(flags.target);
  if (tag !== '' && flags.all)
    throw usage(`cannot specify a tag ${JSON.stringify(flags.target)} as well as --all`);
  // A repository may lie deep (`quay.io/a/b/c`); a stream's name has no slash.
  const stream = name.split('/').at(-1) ?? '';
  if (flags.all) return { stream, tag: undefined };
  return { stream, tag: tag === '' ? 'latest' : tag };
};
