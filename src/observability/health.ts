import Fastify, { type FastifyInstance } from 'fastify';

/** What a listener answers at its paths. */
export type HealthOptions = {
  readonly health: Listener;
  readonly metrics: Listener;
  /** Why the program cannot do its work now; undefined: it can. */
  readonly notReady: () => string | undefined;
  readonly readMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
};

type Listener = { readonly host: string; readonly port: number };

/** Both listeners; `close` frees them. */
export type HealthServers = {
  /** Where they listen. */
  readonly healthUrl: string;
  readonly metricsUrl: string;
  readonly close: () => Promise<void>;
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
