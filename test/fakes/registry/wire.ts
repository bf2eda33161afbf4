import type { Server } from 'node:net';
import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** All that one connection brought, after decryption. */
export type RecordedConnection = {
  /** The name that the client asked for in TLS; empty over http. */
  readonly servername: string;
  /** Bytes as they came, read as latin1: heads and bodies of all requests, whether or not anything could parse them. */
  readonly received: () => string;
};

/** Records every byte that clients send to a server, below anything that parses it. */
export const recordWire = (server: Server, isTls: boolean): readonly RecordedConnection[] => {
  const connections: RecordedConnection[] = [];
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    const chunks: Uint8Array[] = [];
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    const servername = socket instanceof TLSSocket && socket.servername !== false ? socket.servername : '';
    connections.push({
      servername: servername ?? '',
      received: () => Buffer.concat(chunks).toString('latin1'),
    });
  });
  return connections;
};
