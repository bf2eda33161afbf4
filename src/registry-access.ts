import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  checkCertificates,
  createCertificates,
  type MirrorSet,
  mergeRules,
  parseMirrorSets,
  parseRegistriesConf,
  type RegistryClientOptions,
  type RegistryRule,
} from './oci/index.ts';
import { type Config, settings } from './settings.ts';

/** A file about registries cannot be used; `message` names it and is for whoever starts the program. */
export class RegistryAccessError extends Error {
  override readonly name = 'RegistryAccessError';
}

/** How registries are reached, as the settings and the files that they name have it. */
export type RegistryAccess = {
  readonly options: Pick<RegistryClientOptions, 'registries' | 'certificates' | 'proxy'>;
  /** What the files say and this program does not do; harmless. */
  readonly notes: readonly string[];
};

/** The settings that say how registries are reached. */
export type RegistrySettings = Pick<
  Config,
  'registriesConfig' | 'certsDir' | 'allowRegistry' | 'blockRegistry' | 'proxy'
>;

type TextFile = { readonly path: string; readonly text: string };

const yamlExtensions = ['.yaml', '.yml', '.json'];
/** What counts in a directory, as in `/etc/containers/registries.conf.d`. */
const dropInExtensions = ['.conf', ...yamlExtensions];

const unreadable = (flag: string, path: string, error: unknown): RegistryAccessError =>
  new RegistryAccessError(`${flag}: ${path}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });

/** A file, or the files of a directory in the order of their names. */
const readTexts = async (path: string): Promise<readonly TextFile[]> => {
  try {
    if (!(await stat(path)).isDirectory()) return [{ path, text: await readFile(path, 'utf8') }];
    const names = (await readdir(path)).filter((name) => dropInExtensions.includes(extname(name)));
    const paths = names.toSorted().map((name) => join(path, name));
    return await Promise.all(paths.map(async (one) => ({ path: one, text: await readFile(one, 'utf8') })));
  } catch (error) {
    throw unreadable('--registries-config', path, error);
  }
};

const refuse = (problems: readonly string[]): void => {
  const [first, ...rest] = problems;
  if (first === undefined) return;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  throw new RegistryAccessError(`${first}${more}`);
};

const readRules = async (
  paths: readonly string[],
): Promise<{ readonly rules: readonly RegistryRule[]; readonly notes: readonly string[] }> => {
  const files: (readonly RegistryRule[])[] = [];
  const sets: MirrorSet[] = [];
  const notes: string[] = [];
  const problems: string[] = [];
  for (const { path, text } of (await Promise.all(paths.map(readTexts))).flat()) {
    if (yamlExtensions.includes(extname(path))) {
      const parsed = parseMirrorSets(text, path);
      sets.push(...parsed.sets);
      problems.push(...parsed.problems);
    } else {
      const parsed = parseRegistriesConf(text, path);
      files.push(parsed.rules);
      notes.push(...parsed.notes);
      problems.push(...parsed.problems);
    }
  }
  const merged = mergeRules(files, sets);
  refuse([...problems, ...merged.problems]);
  return { rules: merged.rules, notes };
};

/** Directories that somebody names have to be there; those that are looked for anyway need not. */
const checkDirectories = async (directories: readonly string[]): Promise<void> => {
  if (directories !== settings.certsDir.fallback) {
    for (const directory of directories) {
      await readdir(directory).catch((error: unknown) => {
        throw unreadable('--certs-dir', directory, error);
      });
    }
  }
  refuse(await checkCertificates(directories));
};

/**
 * Reads the files that say how registries are reached. They are read once, except certificates, which are read again when
 * connections are made.
 *
 * @throws {RegistryAccessError} for the first file that cannot be used, in one line.
 */
export const readRegistryAccess = async (config: RegistrySettings): Promise<RegistryAccess> => {
  const { registriesConfig, certsDir, allowRegistry, blockRegistry, proxy } = config;
  const { rules, notes } = await readRules(registriesConfig);
  await checkDirectories(certsDir);
  return {
    options: {
      registries: { rules, allow: allowRegistry, block: blockRegistry },
      certificates: createCertificates(certsDir),
      proxy,
    },
    notes,
  };
};
