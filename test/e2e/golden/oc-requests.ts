import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFolder } from './recorded.ts';

/** One request that `oc` sent, with the status code of the original's answer. */
export type OcRequest = {
  /** The command that sent it, with its place in the file: some are there twice. */
  readonly command: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  /** As text; undefined where none was sent, or none that can be read (protobuf). */
  readonly body: string | undefined;
};

/** `METHOD PATH -> STATUS`, indented by two; what belongs to it is indented by six. */
const requestLine = /^ {2}([A-Z]+) (\S+) -> (\d*)/;

const parseRequest = (command: string, lines: readonly string[]): readonly OcRequest[] => {
  const [, method = '', path = '', status = ''] = requestLine.exec(lines[0] ?? '') ?? [];
  const valueOf = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`      ${name}: `))?.slice(`      ${name}: `.length);
  const body = valueOf('body');
  const request = {
    command,
    method,
    path,
    status: Number(status),
    accept: valueOf('Accept'),
    contentType: valueOf('Content-Type'),
    body: body?.startsWith('{') === true ? body : undefined,
  };
  return method === '' ? [] : [request];
};

/** All requests of `oc-requests.txt`, in order. */
export const readOcRequests = (): readonly OcRequest[] =>
  readFileSync(join(goldenFolder, 'oc-requests.txt'), 'utf8')
    .split(/^### /m)
    .slice(1)
    .flatMap((text, index) => {
      const [heading = '', ...lines] = text.split('\n');
      const command = `${index + 1}. ${heading.replace(/ +\[rc=\d+\]$/, '')}`;
      const starts = lines.flatMap((line, at) => (requestLine.test(line) ? [at] : []));
      return starts.flatMap((start, nth) => parseRequest(command, lines.slice(start, starts[nth + 1])));
    });
