import type { Answer } from '../serve.ts';
import type { Oc } from './oc.ts';

/** Where in a scenario the original's answers were recorded. */
export type Recorder = {
  /** Records the namespace's state, to be compared with that key of `output.json`; without a name, with its top level. */
  readonly state: (name?: string) => Promise<void>;
  /** Records one answer, to be compared with that key of `output.json`; `view` takes from both what is compared, by default all. */
  readonly answer: (name: string, body: unknown, view?: (answer: unknown) => unknown) => void;
  /** Records the answer to a command's last request, to be compared with what the command printed: it has that place in `cmd.txt`. */
  readonly printed: (index: number, answer: Answer) => void;
  /** Waits until the controllers have done their work. */
  readonly settled: () => Promise<void>;
};

/** What a scenario does: the commands of its `cmd.txt`. */
export type Scenario = { readonly name: string; readonly run: (oc: Oc, record: Recorder) => Promise<void> };

/** The registries of the recordings: open, and with Basic authentication. */
export const open = '127.0.0.1:5005';
export const closed = '127.0.0.1:5006';

/** `--confirm --insecure` */
export const confirmed = { confirm: true, insecure: true } as const;
