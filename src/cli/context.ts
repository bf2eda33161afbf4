import { parseDuration } from '../lib/duration.ts';
import { type ApiClient, createClient } from './client.ts';
import { type ConnectionOptions, loadConnection } from './connection.ts';
import { CliError } from './errors.ts';
import type { CliPorts } from './ports.ts';
import { createSession } from './session.ts';

/** The options that every command has which speaks to the server. */
export type ApiOptions = ConnectionOptions & { readonly requestTimeout?: string | undefined };

/** What a command runs with: the world, and a way to the server that is made when it is first needed. */
export type CommandContext = {
  readonly ports: CliPorts;
  readonly connect: () => Promise<ApiClient>;
};

const readTimeoutMs = 30_000;
/** An import runs within its request; a whole repository of a slow registry takes its time. OpenShift's own controller waits as long. */
const createTimeoutMs = 3_600_000;

const requestTimeoutOf = (text: string): number => {
  // kubectl also takes a bare number, as seconds.
  const timeoutMs = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (timeoutMs !== undefined) return timeoutMs;
  throw new CliError(
    'usage',
    `--request-timeout "${text}" is no duration; write for example 30s or 5m, 0 for none`,
  );
};

/** A context for one run of a command. */
export const createContext = (ports: CliPorts, options: ApiOptions): CommandContext => ({
  ports,
  connect: async () => {
    const limitMs =
      options.requestTimeout === undefined ? undefined : requestTimeoutOf(options.requestTimeout);
    const load = () => loadConnection(options, ports);
    const session = createSession(await load(), { nowMs: () => ports.clock.now(), load });
    return createClient(session, {
      readMs: limitMs ?? readTimeoutMs,
      createMs: limitMs ?? createTimeoutMs,
    });
  },
});
