import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What a proxy was asked: `CONNECT registry.example:443`, `GET http://registry.example/v2/`. */
export type ProxiedRequest = {
  readonly line: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

export type FakeProxyOptions = {
  /** Where a name really is, as HOST:PORT; names that are not here are as they are. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** `user:password` that is wanted. Default none. */
  readonly credentials?: string;
  /** Refuses everything with this status. */
  readonly refuseWith?: number;
};

/** An HTTP proxy in this process, for tunnels and for plain requests. */
export type FakeProxy = {
  readonly url: URL;
  readonly requests: readonly ProxiedRequest[];
  readonly lines: () => readonly string[];
  /** The heads of all requests, as they came. */
  readonly received: () => string;
  readonly stop: () => Promise<void>;
};

/** Starts a {@link FakeProxy} on a free port of loopback. */
export const startFakeProxy = async (options: FakeProxyOptions = {}): Promise<FakeProxy> => {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  const wanted =
    options.credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(options.credentials).toString('base64')}`;

  /** Keeps what was asked; the status to refuse it with, if any. */
  const record = ({ method, url, headers }: IncomingMessage): number | undefined => {
    requests.push({ line: `${method ?? ''} ${url ?? ''}`, headers });
    if (options.refuseWith !== undefined) return options.refuseWith;
    return wanted !== undefined && headers['proxy-authorization'] !== wanted ? 407 : undefined;
  };
  const addressOf = (authority: string): { readonly host: string; readonly port: number } => {
    const [host = '', port] = (options.hosts?.[authority] ?? authority).split(':');
    return { host, port: Number(port ?? 80) };
  };

  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const refusal = record(incoming);
    if (refusal !== undefined) {
      outgoing.writeHead(refusal).end();
      return;
    }
    const target = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _ours, ...headers } = incoming.headers;
    const path = `${target.pathname}${target.search}`;
    const forwarded = sendRequest(
      { ...addressOf(target.host), path, method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(forwarded);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    const refusal = record(incoming);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    const { host, port } = addressOf(incoming.url ?? '');
    const upstream = connect(port, host, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      upstream.pipe(client);
      client.pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests,
    lines: () => requests.map(({ line }) => line),
    received: () =>
      requests
        .flatMap(({ line, headers }) => [
          line,
          ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`),
        ])
        .join('\r\n'),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
