import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type JunctionOptions = {
  /** `HOST:PORT` that gets connections which begin with TLS; `undefined`: they are cut. */
  readonly tls: string | undefined;
  /** `HOST:PORT` that gets the others: plain http. */
  readonly other: string;
};

/** One port that leads to two servers, by what a client says first. */
export type Junction = {
  readonly host: string;
  /** What each connection began with, oldest first. */
  readonly protocols: () => readonly ('tls' | 'other')[];
  readonly stop: () => Promise<void>;
};

/** The first byte of a TLS connection: the record type of a handshake. */
const handshake = 0x16;

/** Starts a {@link Junction} on a free port of loopback. */
export const startJunction = async (options: JunctionOptions): Promise<Junction> => {
  const seen: ('tls' | 'other')[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };

  const server = createServer((client) => {
    track(client);
    client.once('data', (first) => {
      client.pause();
      const protocol = first[0] === handshake ? 'tls' : 'other';
      seen.push(protocol);
      const target = protocol === 'tls' ? options.tls : options.other;
      if (target === undefined) {
        client.resetAndDestroy();
        return;
      }
      const [host = '', port] = target.split(':');
      const upstream = connect(Number(port), host);
      track(upstream);
      upstream.write(first);
      upstream.pipe(client);
      client.pipe(upstream);
      upstream.on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    protocols: () => [...seen],
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
