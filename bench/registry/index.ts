import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Shape } from './content.ts';
import type { Command, Counts, Report } from './server.ts';

export { tagsOf } from './content.ts';
export type { Counts } from './server.ts';

/** A registry of any size in a process of its own, so that its work is not taken for that of who is measured. */
export type BenchRegistry = {
  /** `127.0.0.1:PORT`, http. */
  readonly host: string;
  readonly counts: () => Promise<Counts>;
  /** Gives a tag another image; its digest. */
  readonly move: (repository: string, tag: string) => Promise<string>;
  /** Called when a HEAD was answered with the digest of a move for the first time; `atMs` is of {@link sharedNowMs}. */
  readonly onHead: (listener: (digest: string, atMs: number) => void) => void;
};

type Question<Of extends Command> = Of extends Command ? Omit<Of, 'id'> : never;

/** Starts a {@link BenchRegistry}; the bench ends it. */
export const startBenchRegistry = async (
  bench: Bench,
  shape: Partial<Shape> = {},
): Promise<BenchRegistry> => {
  const given: Shape = { tagCounts: {}, defaultTagCount: 1, ...shape };
  const child = fork(join(import.meta.dirname, 'server.ts'), [JSON.stringify(given)], { execArgv: [] });
  bench.cleanup(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  const answers = new Map<number, (answer: Extract<Report, { kind: 'answer' }>) => void>();
  let tellHead: (digest: string, atMs: number) => void = () => undefined;
  const listening = Promise.withResolvers<number>();
  child.once('exit', (code) => listening.reject(new Error(`the registry ended (${String(code)})`)));
  child.on('message', (report: Report) => {
    if (report.kind === 'listening') listening.resolve(report.port);
    else if (report.kind === 'head') tellHead(report.digest, report.atMs);
    else {
      answers.get(report.id)?.(report);
      answers.delete(report.id);
    }
  });
  let lastId = 0;
  const ask = (question: Question<Command>) => {
    lastId += 1;
    const id = lastId;
    const answer = Promise.withResolvers<Extract<Report, { kind: 'answer' }>>();
    answers.set(id, answer.resolve);
    child.send({ ...question, id });
    return answer.promise;
  };
  return {
    host: `127.0.0.1:${await listening.promise}`,
    counts: async () => (await ask({ kind: 'counts' })).counts ?? { heads: 0, lists: 0, others: 0 },
    move: async (repository, tag) => (await ask({ kind: 'move', repository, tag })).digest ?? '',
    onHead: (listener) => {
      tellHead = listener;
    },
  };
};
