import { readFileSync } from 'node:fs';
import type { Writer } from './cli/index.ts';
import { loadConfig } from './config.ts';
import type { Logger } from './lib/logger.ts';
import { createLogger } from './observability/logger.ts';
import { dockerConfigProblem } from './oci/index.ts';
import type { Config } from './settings.ts';

/** What a mode of the program is given by whoever starts it. */
export type StartIo = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
};

/** What every mode begins with. */
export type Start = { readonly config: Config; readonly logger: Logger; readonly isPretty: boolean };

/** Files with credentials that cannot be used: found out now rather than at the first import. */
const unusableFiles = (config: Config): readonly string[] => {
  const files = [
    { flag: '--global-pull-secret', file: config.globalPullSecret, isDockerConfig: true },
    {
      flag: '--image-credential-provider-config',
      file: config.imageCredentialProviderConfig,
      isDockerConfig: false,
    },
    ...config.dockerConfig
      .filter((file) => file !== 'auto')
      .map((file) => ({ flag: '--docker-config', file, isDockerConfig: true })),
  ];
  return files.flatMap(({ flag, file, isDockerConfig }) => {
    if (file === '') return [];
    try {
      const text = readFileSync(file, 'utf8');
      const problem = isDockerConfig ? dockerConfigProblem(text) : undefined;
      return problem === undefined
        ? []
        : [`${flag}: ${file} is ${problem}; give a Docker config file, as "docker login" writes it`];
    } catch (error) {
      return [`${flag}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
};

/** Reads the settings of a mode and makes its logger; where they are wrong, says so and answers the exit code. */
export const readStart = (argv: readonly string[], { env, stderr }: StartIo): Start | number => {
  const loaded = loadConfig({ argv, env, readFile: (path) => readFileSync(path, 'utf8') });
  const problems = 'problems' in loaded ? loaded.problems : unusableFiles(loaded.config);
  for (const problem of problems) stderr.write(`error: ${problem}\n`);
  if ('problems' in loaded || problems.length > 0) return 2;
  const { config } = loaded;
  const isPretty = config.logFormat === 'pretty' || (config.logFormat === 'auto' && stderr.isTTY === true);
  const logger = createLogger({ level: config.logLevel, format: isPretty ? 'pretty' : 'json' });
  return { config, isPretty, logger };
};
