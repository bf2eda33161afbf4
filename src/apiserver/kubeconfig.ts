import { stringify as toYaml } from 'yaml';
import { writePrivateFile } from './private-file.ts';

export type KubeconfigOptions = {
  readonly path: string;
  /** URL of the server. */
  readonly server: string;
  /** PEM text of the authority that its certificate is signed by. */
  readonly ca: string;
  readonly token: string;
  readonly userName: string;
};

/** Name of the cluster, the user's entry and the context. */
const entryName = 'imagestreams';

/** Writes the file by which `kubectl` and `oc` find the server; only the owner can read it, since it holds the token. */
export const writeKubeconfig = (options: KubeconfigOptions): Promise<void> => {
  const { path, server, ca, token, userName } = options;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: entryName,
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: userName, user: { token } }],
    contexts: [{ name: entryName, context: { cluster: entryName, user: userName, namespace: 'default' } }],
    'current-context': entryName,
  };
  return writePrivateFile(path, toYaml(config));
};
