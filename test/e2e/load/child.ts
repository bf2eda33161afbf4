import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process of the load test: it is given `data`, and both sides send each other messages. */
export type Child = {
  /** The next message; rejects when the process ends instead. */
  readonly next: <T>() => Promise<T>;
  readonly send: (message: unknown) => void;
  readonly stop: () => Promise<void>;
};

/** Starts a file of this folder as a process, so that it does not share a thread with who is measured or who measures. */
export const startChild = (file: string, data: unknown): Child => {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(data)], {
    execPath: process.execPath,
    execArgv: [],
    serialization: 'advanced',
  });
  return {
    next: async <T>() => {
      const over = new AbortController();
      const { signal } = over;
      const ended = once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${file} ended (${String(code)})`);
      });
      try {
        const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [T];
        return message;
      } finally {
        over.abort();
        ended.catch(() => undefined);
      }
    },
    send: (message) => void child.send(message as object),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** Within such a process: what it was given. */
export const givenData = <T>(): T => JSON.parse(process.argv[2] ?? '') as T;

/** Within such a process: the next message from who started it. */
export const nextMessage = async <T>(): Promise<T> => {
  const [message] = (await once(process, 'message')) as [T];
  return message;
};

/** Within such a process: sends a message to who started it. */
export const report = (message: unknown): void => void process.send?.(message);
