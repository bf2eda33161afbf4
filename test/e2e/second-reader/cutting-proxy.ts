import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut, as a network cuts them: in the middle of whatever was being said. */
export type CuttingProxy = {
  /** Where it listens, as `http://127.0.0.1:port`. */
  readonly url: string;
  /** Cuts every connection; how many there were. */
  readonly cut: () => number;
  readonly close: () => Promise<void>;
};

/** Starts a proxy before a server. */
export const startCuttingProxy = async (server: string): Promise<CuttingProxy> => {
  const { hostname, port } = new URL(server);
  const open = new Set<Socket>();
  const cut = (): number => {
    const count = open.size;
    for (const socket of open) socket.destroy();
    return count;
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    open.add(client);
    client.pipe(upstream).pipe(client);
    // Both ends go together, and that one is cut is no failure here.
    client
      .on('error', () => undefined)
      .on('close', () => {
        open.delete(client);
        upstream.destroy();
      });
    upstream.on('error', () => undefined).on('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    close: async () => {
      proxy.close();
      cut();
      await once(proxy, 'close');
    },
  };
};
