import { Pool } from 'undici';
import { mapLimit } from '../src/lib/map-limit.ts';
import { acceptManifests } from '../src/oci/media-type.ts';

/** The gate of a registry lets so many requests through at a time, see `createRegistryClient`. */
export const connections = 10;

/** Sends requests (`GET /v2/app/manifests/v1`) again, with nothing around them: pages one after the other, then the rest, ten at a time. */
export const replay = async (
  host: string,
  requests: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const pool = new Pool(`http://${host}`, { connections });
  const send = async (request: string): Promise<void> => {
    const [method = 'GET', path = '/'] = request.split(' ');
    const answer = await pool.request({
      method: method as 'GET' | 'HEAD',
      path,
      headers: { accept: acceptManifests },
      signal,
    });
    await answer.body.arrayBuffer();
    if (answer.statusCode >= 400) throw new Error(`${request}: ${answer.statusCode}`);
  };
  const isPage = (request: string): boolean => request.includes('/tags/list');
  try {
    for (const page of requests.filter(isPage)) await send(page);
    await mapLimit(
      requests.filter((request) => !isPage(request)),
      connections,
      send,
      signal,
    );
  } finally {
    await pool.close();
  }
};
