import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for small real programs: shell scripts that a test writes. */
export type Programs = {
  readonly directory: string;
  /** Environment in which the programs are found, and the usual ones. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a script; answers its path. `$DIR` is the folder. */
  readonly add: (name: string, script: string) => string;
  /** Writes any other file; answers its path. */
  readonly write: (name: string, text: string) => string;
  /** Lines of a file that scripts append to; none where there is no file. */
  readonly lines: (name: string) => readonly string[];
  readonly remove: () => void;
};

/** An empty folder of {@link Programs}. */
export const createPrograms = (): Programs => {
  const directory = mkdtempSync(join(tmpdir(), 'imagestreams-programs-'));
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    directory,
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}` },
    add: (name, script) => {
      const path = write(name, `#!/bin/sh\nDIR='${directory}'\n${script}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    write,
    lines: (name) => {
      try {
        return readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1);
      } catch {
        return [];
      }
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
