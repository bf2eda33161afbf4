import { Pool } from 'undici';
import { mapLimit } from '../../src/lib/map-limit.ts';
import { acceptManifests } from '../../src/oci/media-type.ts';
import { givenData, nextMessage, report } from '../../test/e2e/load/child.ts';
import { connections } from '../replay.ts';

/*
 * A process that asks for the digest of tags each time that it is told to, with nothing around the requests: the least that a refresh costs.
 */

/** What the process is given. */
export type HeadsData = { readonly host: string; readonly tags: number };

const { host, tags } = givenData<HeadsData>();
const { signal } = new AbortController();
const pool = new Pool(`http://${host}`, { connections });

const head = async (tag: number): Promise<void> => {
  const headers = { accept: acceptManifests };
  const path = `/v2/app/manifests/v${tag}`;
  // Its connection is used on, as a refresh does.
  const answer = await pool.request({ method: 'HEAD', path, headers, reset: false, signal });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
};

report('ready');
for (;;) {
  await nextMessage();
  const start = process.cpuUsage();
  await mapLimit([...Array(tags).keys()], connections, head, signal);
  const { user, system } = process.cpuUsage(start);
  report((user + system) / 1e6);
}
