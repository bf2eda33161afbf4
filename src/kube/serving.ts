import { aliasVersion } from '../api/crd.ts';
import { imageStreams } from '../api/resources.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './errors.ts';

type ApiGroup = { readonly versions?: readonly { readonly version: string }[] };
type ApiService = {
  readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string } | null };
};

const read = async (client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> => {
  try {
    return await client.request({ method: 'GET', path }, signal);
  } catch (error) {
    // Not allowed to look is not to know: the sentence is vaguer then.
    if (error instanceof ApiError && (error.code === 404 || error.code === 403)) return undefined;
    throw error;
  }
};

/**
 * Why this cluster is none to work on: its CRDs are missing, or another program serves image streams there. Undefined: it is one.
 *
 * Rejects like {@link ApiClient} when the API cannot say.
 */
export const servingProblem = async (client: ApiClient, signal: AbortSignal): Promise<string | undefined> => {
  const { group, version } = imageStreams;
  const found = (await read(client, `/apis/${group}`, signal)) as ApiGroup | undefined;
  const versions = found?.versions?.map((one) => one.version) ?? [];
  if (versions.includes(aliasVersion)) return undefined;
  const path = `/apis/apiregistration.k8s.io/v1/apiservices/${version}.${group}`;
  const service = ((await read(client, path, signal)) as ApiService | undefined)?.spec?.service;
  if (versions.length === 0 && !service)
    return `the cluster does not know ${group}: install the CRDs with "kubectl apply --server-side -k crds/"`;
  const server = service
    ? `the service ${service.namespace}/${service.name} serves it (APIService ${version}.${group})`
    : `its CRDs are not those of this program (no version ${aliasVersion})`;
  return `this cluster already has ${group} of its own: ${server}; nothing is done here`;
};
