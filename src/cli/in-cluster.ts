import type { Connection } from './connection.ts';
import { systemCodeOf } from './errors.ts';
import type { FilePorts } from './kubeconfig.ts';

/** Where Kubernetes puts what a pod needs to speak to the API. */
const directory = '/var/run/secrets/kubernetes.io/serviceaccount';

const readOptional = async (name: string, ports: FilePorts): Promise<string | undefined> => {
  try {
    return (await ports.readFile(`${directory}/${name}`)).trim();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * The API server of the pod that this runs in, as its service account; undefined where this is no pod, or one without an account.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export const inClusterConnection = async (
  namespace: string | undefined,
  ports: FilePorts,
): Promise<Connection | undefined> => {
  const host = ports.env['KUBERNETES_SERVICE_HOST'] ?? '';
  if (host === '') return undefined;
  const port = ports.env['KUBERNETES_SERVICE_PORT'] || '443';
  const [token, ca, own] = await Promise.all(
    ['token', 'ca.crt', 'namespace'].map((name) => readOptional(name, ports)),
  );
  if (token === undefined) return undefined;
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    namespace: namespace ?? own ?? 'default',
    source: `the service account in ${directory}`,
    authorization: `Bearer ${token}`,
    insecure: false,
    ...(ca === undefined ? {} : { ca }),
  };
};
