import { openClusterApp } from './cluster-app.ts';
import { KubeconfigError } from './kube/connection.ts';
import { systemClock } from './lib/clock.ts';
import { RegistryAccessError } from './registry-access.ts';
import { SinkSettingsError } from './sinks.ts';
import { readStart, type StartIo } from './start.ts';

/** What keeps a controller from starting through no fault of its code: said in one line. */
const startProblem = (error: unknown): string | undefined => {
  if (error instanceof KubeconfigError || error instanceof RegistryAccessError) return error.message;
  if (error instanceof SinkSettingsError) return error.message;
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return `${error.message}; choose other addresses with --health-listen and --metrics-listen`;
};

/** Runs the controller of a cluster until `signal` is aborted; resolves to the exit code: 0 when told to stop, 1 when it cannot run, 2 for wrong settings. */
export const controller = async (
  argv: readonly string[],
  io: StartIo,
  signal: AbortSignal,
): Promise<number> => {
  const started = readStart(argv, io);
  if (typeof started === 'number') return started;
  const { config, logger } = started;
  try {
    const app = await openClusterApp({
      config,
      clock: systemClock,
      logger,
      version: io.version,
      env: io.env,
    });
    const { server, healthUrl, metricsUrl } = app;
    logger.info({ server, healthUrl, metricsUrl }, 'started');
    try {
      await app.run(signal);
    } finally {
      await app.close();
    }
    logger.info({}, 'stopped');
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    const problem = startProblem(error);
    if (problem === undefined) throw error;
    io.stderr.write(`error: ${problem}\n`);
    return 1;
  }
};
