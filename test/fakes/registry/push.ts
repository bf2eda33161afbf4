import type { Blob, Content } from './content.ts';

/** Where to push to, as over HTTP any registry can be. */
export type PushTarget = {
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  /** `Authorization` of each request. */
  readonly authorization?: string | undefined;
};

const call = async (
  target: PushTarget,
  method: string,
  path: string,
  body?: Uint8Array,
  contentType = 'application/octet-stream',
): Promise<Response> => {
  const response = await fetch(new URL(path, target.url), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': contentType }),
      ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return response;
};

const pushBlob = async (target: PushTarget, repository: string, { bytes, digest }: Blob): Promise<void> => {
  const started = await call(target, 'POST', `/v2/${repository}/blobs/uploads/`);
  const upload = new URL(started.headers.get('location') ?? '', target.url);
  upload.searchParams.set('digest', digest);
  await call(target, 'PUT', `${upload.pathname}${upload.search}`, bytes);
};

/** Pushes an image or index with all it refers to, under a tag or, without one, under its digest. Pushing a tag again moves it. */
export const push = async (
  target: PushTarget,
  repository: string,
  content: Content,
  tag?: string,
): Promise<void> => {
  await Promise.all(content.blobs.map((blob) => pushBlob(target, repository, blob)));
  await Promise.all(content.children.map((child) => push(target, repository, child)));
  const { bytes, digest, mediaType } = content.manifest;
  await call(target, 'PUT', `/v2/${repository}/manifests/${tag ?? digest}`, bytes, mediaType);
};
