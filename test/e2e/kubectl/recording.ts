import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Result } from './row.ts';

/** What a real kube-apiserver made kubectl print. */
export type Recording = {
  /** The server that was asked. */
  readonly source: string;
  /** Version of kubectl: others may print otherwise. */
  readonly kubectl: string;
  readonly rows: readonly (Result & { readonly id: string; readonly run: string })[];
};

const file = join(import.meta.dirname, 'recorded.yaml');

const header = `# What kubectl printed against a real kube-apiserver with our CRDs (crds/), made the same by normalize.ts.
# Written by record.ts, which says how. Do not edit.
`;

export const readRecording = (): Recording => parse(readFileSync(file, 'utf8')) as Recording;

export const writeRecording = (recording: Recording): void =>
  writeFileSync(file, header + stringify(recording, { lineWidth: 0, blockQuote: 'literal' }));
