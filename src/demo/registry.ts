import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A registry in memory for `serve --demo`, so that the demo needs neither network nor another program: it answers what an importer asks
 * (manifests, configs, tags) and takes images by a function call.
 */
export type DemoRegistry = {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Makes a small image that says `version` and points the tag at it; answers its digest. */
  readonly push: (repository: string, tag: string, version: string) => string;
  readonly close: () => Promise<void>;
};

type Content = { readonly mediaType: string; readonly bytes: Buffer };

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const send = (response: ServerResponse, status: number, content: Content, withBody: boolean): void => {
  response.writeHead(status, {
    'content-type': content.mediaType,
    'content-length': content.bytes.length,
    'docker-content-digest': digestOf(content.bytes),
  });
  response.end(withBody ? content.bytes : undefined);
};

const json = (value: unknown, mediaType = 'application/json'): Content => ({
  mediaType,
  bytes: Buffer.from(JSON.stringify(value)),
});

const unknown = (code: string): Content =>
  json({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] });

const createContents = () => {
  /** By digest. */
  const contents = new Map<string, Content>();
  /** `repository:tag` → digest. */
  const tags = new Map<string, string>();
  const put = (
    content: Content,
  ): { readonly mediaType: string; readonly digest: string; readonly size: number } => {
    const digest = digestOf(content.bytes);
    contents.set(digest, content);
    return { mediaType: content.mediaType, digest, size: content.bytes.length };
  };
  const push = (repository: string, tag: string, version: string): string => {
    const layer = put({ mediaType: layerType, bytes: Buffer.from(`layer of ${repository} ${version}`) });
    const config = put(
      json(
        {
          architecture: 'amd64',
          os: 'linux',
          created: '2026-01-01T00:00:00Z',
          config: {
            Cmd: ['/app'],
            Env: [`VERSION=${version}`],
            Labels: { 'org.opencontainers.image.version': version },
          },
          rootfs: { type: 'layers', diff_ids: [layer.digest] },
        },
        configType,
      ),
    );
    const manifest = put(
      json({ schemaVersion: 2, mediaType: manifestType, config, layers: [layer] }, manifestType),
    );
    tags.set(`${repository}:${tag}`, manifest.digest);
    return manifest.digest;
  };
  const answer = (path: string): { readonly status: number; readonly content: Content } => {
    const [, repository = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
    if (kind === 'tags') {
      const names = [...tags.keys()]
        .filter((key) => key.startsWith(`${repository}:`))
        .map((key) => key.slice(repository.length + 1));
      return names.length === 0
        ? { status: 404, content: unknown('NAME_UNKNOWN') }
        : { status: 200, content: json({ name: repository, tags: names }) };
    }
    const content = contents.get(tags.get(`${repository}:${reference}`) ?? reference);
    if (path === '/v2/') return { status: 200, content: json({}) };
    return content === undefined
      ? { status: 404, content: unknown(kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN') }
      : { status: 200, content };
  };
  return { push, answer };
};

/** Starts the registry on a free port of the loopback interface. */
export const startDemoRegistry = async (): Promise<DemoRegistry> => {
  const { push, answer } = createContents();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { status, content } = answer(new URL(request.url ?? '/', 'http://registry').pathname);
    send(response, status, content, request.method !== 'HEAD');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    push,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
