import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether tests with a real Redis can run; in CI they must, so that a missing server fails there. */
export const hasRedis: boolean =
  process.env['CI'] === 'true' || spawnSync('redis-server', ['--version']).error === undefined;

/** A running `redis-server` behind a proxy that can cut connections. */
export type RedisServer = {
  /** `redis://127.0.0.1:PORT`, through the proxy. */
  readonly url: string;
  /**
   * The next request that holds `text` reaches the server, but its answer does not come back: the connection is cut instead.
   * Resolves when that has happened.
   */
  readonly cutAnswerOf: (text: string) => Promise<void>;
  /** Ends the process as a crash would, and starts it again on the same data (written at every command). */
  readonly restart: () => Promise<void>;
  /** Ends the process, keeping the data. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const startProcess = async (directory: string, extra: readonly string[]) => {
  const socket = join(directory, 'redis.sock');
  // No port of its own: other tests run at the same time, and only the proxy has to be reachable.
  const options = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const child = spawn('redis-server', [...options, ...durable, ...extra], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('accept connections at')) resolve();
    });
    child.once('exit', () => reject(new Error(`redis-server ended: ${output}`)));
  });
  return child;
};

/** Starts a real `redis-server`, in a directory of its own. */
export const startRedis = async (extra: readonly string[] = []): Promise<RedisServer> => {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  let child = await startProcess(directory, extra);
  const sockets = new Set<Socket>();
  let cut: { readonly text: string; readonly done: () => void } | undefined;

  const proxy = createServer((client) => {
    const server = connect(join(directory, 'redis.sock'));
    let isCutting: (() => void) | undefined;
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (cut !== undefined && chunk.includes(cut.text)) {
        isCutting = cut.done;
        cut = undefined;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (isCutting === undefined) client.write(chunk);
      else {
        // The server has answered, so it has done what it was asked.
        client.destroy();
        isCutting();
      }
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as { readonly port: number };

  const pause = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const resume = async (): Promise<void> => {
    child = await startProcess(directory, extra);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    cutAnswerOf: (text) =>
      new Promise((resolve) => {
        cut = { text, done: resolve };
      }),
    pause,
    resume,
    restart: async () => {
      await pause();
      await resume();
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) await pause();
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
