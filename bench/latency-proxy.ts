import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

type Settings = { readonly target: string; readonly latencyMs: number };

/** A TCP proxy that holds what a client sends for a while, in a thread of its own: its work is not counted as that of who is measured. */
export type LatencyProxy = { readonly host: string; readonly stop: () => Promise<unknown> };

const serve = async ({ target, latencyMs }: Settings): Promise<number> => {
  const [host = '', port] = target.split(':');
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port: Number(port), noDelay: true });
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    // Timers of one length fire in the order in which they were set: chunks keep theirs.
    client.on('data', (chunk) => {
      if (latencyMs === 0) upstream.write(chunk);
      else setTimeout(() => upstream.write(chunk), latencyMs);
    });
    upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Starts a {@link LatencyProxy} before `target` (`HOST:PORT`). */
export const startLatencyProxy = async (settings: Settings): Promise<LatencyProxy> => {
  const worker = new Worker(new URL(import.meta.url), { workerData: settings });
  const [port] = (await once(worker, 'message')) as [number];
  return { host: `127.0.0.1:${port}`, stop: () => worker.terminate() };
};

if (!isMainThread) parentPort?.postMessage(await serve(workerData as Settings));
