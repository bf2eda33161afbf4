import type { Blob, Content } from './content.ts';

/** Where to push to, as over HTTP any registry can be. */
export type PushTarget = {
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  /** `Authorization` of each request. */
  readonly authorization?: string | undefined;
};

const fetchAs = (target: PushTarget, path: string, init: RequestInit): Promise<Response> => {
  const headers = new Headers(init.headers);
  if (target.authorization !== undefined) headers.set('authorization', target.authorization);
  return fetch(new URL(path, target.url), { ...init, headers });
};

const call = async (
  target: PushTarget,
  method: string,
  path: string,
  body?: Uint8Array,
  contentType = 'application/octet-stream',
): Promise<Response> => {
  const response = await fetchAs(target, path, {
    method,
    ...(body === undefined ? {} : { body: Buffer.from(body), headers: { 'content-type': contentType } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return response;
};

const pushBlob = async (target: PushTarget, repository: string, { bytes, digest }: Blob): Promise<void> => {
  const found = await fetchAs(target, `/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
  if (found.ok) return;
  const started = await call(target, 'POST', `/v2/${repository}/blobs/uploads/`);
  const upload = new URL(started.headers.get('location') ?? '', target.url);
  upload.searchParams.set('digest', digest);
  await call(target, 'PUT', `${upload.pathname}${upload.search}`, bytes);
};

/**
 * Pushes an image or index with all it refers to, under a tag or, without one, under its digest. Pushing a tag again moves it.
 *
 * docker-registry 2.8 loses blobs that are uploaded to one repository twice at the same time: push content there once before
 * pushing it under many tags at once.
 */
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
