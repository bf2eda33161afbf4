import type { KubernetesObject } from '../api/meta.ts';
import { StatusError } from '../api/status.ts';
import type { ApiClient, ListedResource } from './client.ts';

type Container = { readonly image?: string };
type PodTemplate = {
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
};
type WorkloadSpec = {
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
};
type Workload = KubernetesObject & { readonly spec?: WorkloadSpec };

const kinds: readonly (ListedResource<Workload> & { readonly kind: string })[] = [
  { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' },
  { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet' },
  { group: 'apps', version: 'v1', plural: 'daemonsets', kind: 'DaemonSet' },
  { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob' },
];

/** The workloads whose pull specs end with one of these digests. */
export type Running = (digests: readonly (string | undefined)[]) => readonly string[];

const digestsOf = ({ spec }: Workload): readonly string[] => {
  const pod = (spec?.jobTemplate?.spec?.template ?? spec?.template)?.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].flatMap(({ image = '' }) => {
    const at = image.lastIndexOf('@');
    return at === -1 ? [] : [image.slice(at + 1)];
  });
};

/** Workloads of a kind, none where the server has no such kind; one that may not be seen is noted. */
const listKind = async (
  client: ApiClient,
  resource: (typeof kinds)[number],
  signal: AbortSignal,
  onNote: (note: string) => void,
): Promise<readonly Workload[]> => {
  try {
    return await client.list(resource, 'namespace', signal);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.status.code === 403)
      onNote(`you may not list ${resource.plural}: whether they run it is not known`);
    else if (error.status.code !== 404) throw error;
    return [];
  }
};

/** Looks at the workloads of the client's namespace; only pull specs with a digest say what they run. */
export const findRunning = async (
  client: ApiClient,
  signal: AbortSignal,
  onNote: (note: string) => void,
): Promise<Running> => {
  const byDigest = new Map<string, Set<string>>();
  for (const resource of kinds) {
    for (const workload of await listKind(client, resource, signal, onNote)) {
      for (const digest of digestsOf(workload)) {
        const names = byDigest.get(digest) ?? new Set<string>();
        byDigest.set(digest, names.add(`${resource.kind}/${workload.metadata.name ?? ''}`));
      }
    }
  }
  return (digests) => [...new Set(digests.flatMap((digest) => [...(byDigest.get(digest ?? '') ?? [])]))];
};
