import { expect } from 'vitest';
import type { Serve } from '../serve.ts';

/** The streams of the namespace that is always there. */
export const path = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

/** Creates a stream whose tags follow those of `team/NAME` at a registry, at an interval such as `5m`. */
export const createStream = async (
  serve: Serve,
  host: string,
  {
    name,
    tags,
    interval,
  }: { readonly name: string; readonly tags: readonly string[]; readonly interval: string },
): Promise<void> => {
  const spec = {
    tags: tags.map((tag) => ({
      name: tag,
      from: { kind: 'DockerImage', name: `${host}/team/${name}:${tag}` },
      importPolicy: { scheduled: true, insecure: true },
    })),
  };
  const metadata = { name, annotations: { 'imagestreams.dev/refresh-interval': interval } };
  const object = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata, spec };
  expect((await serve.api('POST', path, object)).status).toBe(201);
};
