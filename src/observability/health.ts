import type { IncomingHttpHeaders } from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';

/** What a listener answers at its paths. */
export type HealthOptions = {
  readonly health: Listener;
  readonly metrics: Listener;
  /** Why the program cannot do its work now; undefined: it can. */
  readonly notReady: () => string | undefined;
  readonly readMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** What else is answered at the address of the metrics. */
  readonly routes?: readonly ProbeRoute[];
};

/** A path that is answered to GET. */
export type ProbeRoute = {
  readonly path: string;
  readonly handle: (
    request: { readonly query: URLSearchParams; readonly headers: IncomingHttpHeaders },
    signal: AbortSignal,
  ) => Promise<{ readonly status?: number | undefined; readonly contentType: string; readonly body: string }>;
};

type Listener = { readonly host: string; readonly port: number };

/** Both listeners; `close` frees them. */
export type HealthServers = {
  /** Where they listen. */
  readonly healthUrl: string;
  readonly metricsUrl: string;
  readonly close: () => Promise<void>;
};

/** Longest that an answer beside the metrics may take. */
const routeTimeoutMs = 20_000;

const addRoute = (app: FastifyInstance, { path, handle }: ProbeRoute): void => {
  app.get(path, async (request, reply) => {
    const query = new URLSearchParams(request.raw.url?.split('?')[1]);
    const signal = AbortSignal.timeout(routeTimeoutMs);
    const { status = 200, contentType, body } = await handle({ query, headers: request.headers }, signal);
    return reply.code(status).type(contentType).send(body);
  });
};

/** Serves `/livez` and `/readyz` for probes, and `/metrics` at an address of its own. */
export const listenForProbes = async (options: HealthOptions): Promise<HealthServers> => {
  const health: FastifyInstance = Fastify();
  const metrics: FastifyInstance = Fastify();
  // That it answers is the answer: what hangs does not.
  health.get('/livez', async () => 'ok\n');
  health.get('/readyz', async (_request, reply) => {
    const problem = options.notReady();
    return problem === undefined ? 'ok\n' : reply.code(503).send(`${problem}\n`);
  });
  metrics.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await options.readMetrics();
    return reply.type(contentType).send(body);
  });
  for (const route of options.routes ?? []) addRoute(metrics, route);
  const close = async (): Promise<void> => {
    await Promise.all([health.close(), metrics.close()]);
  };
  try {
    const [healthUrl, metricsUrl] = await Promise.all([
      health.listen(options.health),
      metrics.listen(options.metrics),
    ]);
    return { healthUrl, metricsUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
};
