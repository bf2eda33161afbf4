/** What one command line came to; `code` is null for a command that was stopped because it would go on. */
export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Lines that this server prints differently on purpose: they are left out on both sides, all others must be the same. */
export type Exception = { readonly lines: RegExp; readonly reason: string };

/** What this server prints on purpose where it differs as a whole. */
export type Instead = {
  readonly reason: string;
  readonly code: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
};

/** One command line of the table. */
export type Row = {
  /** Run by `sh` in the folder of the group's files. */
  readonly run: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Command lines that are run one after another once the command watches. */
  readonly during?: readonly string[];
  /** The command is stopped once it has printed so many lines. */
  readonly lines?: number;
  /** Keeps only these lines of standard output, on both sides: where a real server serves more kinds than this one. */
  readonly only?: RegExp;
  readonly except?: readonly Exception[];
  readonly instead?: Instead;
  /** A defect that is known: the row must differ, so that whoever mends it takes this mark away. */
  readonly known?: string;
};

/** Command lines that build on each other, in a namespace named like the group. Groups run side by side. */
export type Group = {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
};

/** Names a row in the recording and in reports: a command may come twice in a group. */
export const rowId = (group: Group, index: number): string => `${group.name} ${index + 1}`;
