import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';

type Kubeconfig = {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
};

export type KubeAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** Asks the API server of a test's kubeconfig directly: kubectl holds itself back to a few requests a second. */
export const createKubeRequest = (kubeconfig: string) => {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const server = clusters[0]?.cluster.server ?? '';
  const headers = {
    authorization: `Bearer ${users[0]?.user.token ?? ''}`,
    'content-type': 'application/json',
  };
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 16 });
  return async (method: string, path: string, body?: unknown): Promise<KubeAnswer> => {
    const asked = request(`${server}${path}`, { method, headers, agent });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) as KubeAnswer['body'] };
  };
};
