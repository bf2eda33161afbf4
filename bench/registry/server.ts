import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sharedNowMs } from '../shared-time.ts';
import { createContent, type Shape, tagsOf } from './content.ts';

/*
 * A process that is a registry of any size. Given its shape, it tells its port; then it answers commands, and tells when a HEAD was
 * answered with the digest that a tag was moved to.
 */

/** Requests so far. */
export type Counts = { readonly heads: number; readonly lists: number; readonly others: number };

export type Command =
  | { readonly id: number; readonly kind: 'counts' }
  | { readonly id: number; readonly kind: 'move'; readonly repository: string; readonly tag: string };

export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'answer'; readonly id: number; readonly counts?: Counts; readonly digest?: string }
  | { readonly kind: 'head'; readonly digest: string; readonly atMs: number };

const shape = JSON.parse(process.argv[2] ?? '') as Shape;
const content = createContent();
const counts = { heads: 0, lists: 0, others: 0 };
/** Digests that nobody was told of yet. */
const untold = new Set<string>();

const report = (message: Report): void => void process.send?.(message);

const pageSize = 1000;

const list = (response: ServerResponse, repository: string, query: URLSearchParams): void => {
  counts.lists += 1;
  const tags = tagsOf(shape.tagCounts[repository] ?? shape.defaultTagCount);
  const last = query.get('last');
  const start = last === null ? 0 : tags.indexOf(last) + 1;
  const size = Math.min(Number(query.get('n') ?? pageSize), pageSize);
  const page = tags.slice(start, start + size);
  const isLast = start + size >= tags.length;
  const next = `</v2/${repository}/tags/list?last=${page.at(-1)}&n=${size}>; rel="next"`;
  response.writeHead(200, { 'content-type': 'application/json', ...(isLast ? {} : { link: next }) });
  response.end(JSON.stringify({ name: repository, tags: page }));
};

const serveContent = (
  request: IncomingMessage,
  response: ServerResponse,
  stored: ReturnType<typeof content.blob>,
): void => {
  const isHead = request.method === 'HEAD';
  counts[isHead ? 'heads' : 'others'] += 1;
  if (stored === undefined) return void response.writeHead(404).end();
  const { mediaType, digest, bytes } = stored;
  if (isHead && untold.delete(digest))
    response.once('finish', () => report({ kind: 'head', digest, atMs: sharedNowMs() }));
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': bytes.byteLength,
    'docker-content-digest': digest,
  });
  response.end(isHead ? undefined : bytes);
};

const server = createServer((request, response) => {
  const [path = '', query] = (request.url ?? '').split('?');
  const [, repository = '', kind, name = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
  if (kind === 'tags') list(response, repository, new URLSearchParams(query));
  else if (kind === undefined) response.writeHead(path === '/v2/' ? 200 : 404).end();
  else
    serveContent(
      request,
      response,
      kind === 'manifests' ? content.manifest(repository, name) : content.blob(name),
    );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
report({ kind: 'listening', port: (server.address() as AddressInfo).port });

process.on('message', (command: Command) => {
  if (command.kind === 'counts') return report({ kind: 'answer', id: command.id, counts });
  const digest = content.move(command.repository, command.tag);
  untold.add(digest);
  return report({ kind: 'answer', id: command.id, digest });
});
process.on('disconnect', () => process.exit());
