import { readFile } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import { type ParsedDockerConfig, parseDockerConfig } from './docker-config.ts';
import { createDockerHelpers } from './docker-helper.ts';
import type { CredentialEntry } from './keychain.ts';
import { credentialLocations, type Location } from './locations.ts';
import { providerEntries } from './provider.ts';
import { parseProviderConfig } from './provider-config.ts';
import { createRunProgram, type Environment } from './run-program.ts';

/** Which files of whoever runs this program hold credentials. */
export type OperatorCredentialsOptions = {
  /** What helpers inherit, and what says where docker and podman keep their files. */
  readonly env: Environment;
  readonly clock: Clock;
  /** Told once of each thing that cannot be used; the rest is. The sentence holds no secret. */
  readonly onProblem: (message: string) => void;
  /** Docker config files of which only `auths` count: no program is run. Default none. */
  readonly pullSecrets?: readonly string[] | undefined;
  /** Files of docker or podman, with the helpers that they name; `auto` stands for where these look. Default none. */
  readonly dockerConfigs?: readonly string[] | undefined;
  /** The kubelet's configuration of credential providers, and the directory of their programs. Default none. */
  readonly providers?: { readonly configFile: string; readonly binDir: string } | undefined;
};

type Source = Location & { readonly parse: (text: string) => ParsedDockerConfig };

/** A file as it was last read: its text, or the code of the error. */
type Snapshot = { readonly text: string } | { readonly code: string } | undefined;

const read = async ({ path, required }: Location): Promise<Snapshot> => {
  try {
    return { text: await readFile(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    // A file may as well be below a file: `~/.config` is one on some machines.
    return !required && (code === 'ENOENT' || code === 'ENOTDIR') ? undefined : { code };
  }
};

const parse = (source: Source, snapshot: Snapshot): ParsedDockerConfig => {
  if (snapshot === undefined) return { entries: [], problems: [] };
  return 'text' in snapshot
    ? source.parse(snapshot.text)
    : { entries: [], problems: [`${source.path}: cannot be read (${snapshot.code})`] };
};

const sourcesOf = (options: OperatorCredentialsOptions): readonly Source[] => {
  const { pullSecrets = [], dockerConfigs = [], providers, env, clock, onProblem } = options;
  const ports = { run: createRunProgram({ env }), clock, onProblem };
  const helpers = createDockerHelpers(ports);
  const named = (path: string): Location => ({ path, required: true });
  return [
    ...pullSecrets.map((path) => ({
      ...named(path),
      parse: (text: string) => parseDockerConfig(text, path),
    })),
    ...dockerConfigs
      .flatMap((path) => (path === 'auto' ? credentialLocations(env) : [named(path)]))
      .map((place) => ({ ...place, parse: (text: string) => parseDockerConfig(text, place.path, helpers) })),
    ...(providers === undefined ? [] : [providers]).map(({ configFile, binDir }) => ({
      ...named(configFile),
      parse: (text: string) => {
        const parsed = parseProviderConfig(text, configFile);
        const place = { binDir, source: configFile };
        const entries = parsed.providers.flatMap((provider) => providerEntries(provider, place, ports));
        return { entries, problems: parsed.problems };
      },
    })),
  ];
};

/** Reads a file anew each time, and parses it when it has changed: what a provider answered outlives other files' changes. */
const createReader = (source: Source, onProblem: (message: string) => void) => {
  let version: string | undefined = '';
  let entries: readonly CredentialEntry[] = [];
  return async (): Promise<readonly CredentialEntry[]> => {
    const snapshot = await read(source);
    const current = JSON.stringify(snapshot);
    if (current === version) return entries;
    const parsed = parse(source, snapshot);
    version = current;
    entries = parsed.entries;
    for (const problem of parsed.problems) onProblem(problem);
    return entries;
  };
};

/**
 * The credentials of whoever runs this program, as entries of a keychain, in the order of the options. The files are read anew each
 * time, so that one that is rotated counts at once; as long as none has changed the answer is the same array.
 */
export const createOperatorCredentials = (
  options: OperatorCredentialsOptions,
): (() => Promise<readonly CredentialEntry[]>) => {
  const readers = sourcesOf(options).map((source) => createReader(source, options.onProblem));
  let parts: readonly (readonly CredentialEntry[])[] = [];
  let entries: readonly CredentialEntry[] = [];
  return async () => {
    const current = await Promise.all(readers.map((readOne) => readOne()));
    if (current.every((part, index) => part === parts[index])) return entries;
    parts = current;
    entries = current.flat();
    return entries;
  };
};
