import type { Answer, Serve } from '../serve.ts';

/**
 * What `oc` 4.22 sends for its image commands, as recorded in oc-requests.txt: enough to drive a server as the original was driven.
 * Flags are given as `oc` spells them.
 */
export type Oc = {
  readonly createNamespace: () => Promise<void>;
  readonly importImage: (target: string, flags?: ImportFlags) => Promise<Answer>;
  readonly tagDocker: (from: string, target: string, flags?: TagFlags) => Promise<Answer>;
  readonly setTriggers: (deployment: string, patch: unknown) => Promise<Answer>;
  readonly createDeployment: (name: string, image: string, replicas: number) => Promise<Answer>;
  readonly createDockerSecret: (
    name: string,
    server: string,
    username: string,
    password: string,
  ) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
  readonly post: (plural: string, body: unknown) => Promise<Answer>;
  readonly remove: (path: string) => Promise<Answer>;
};

export type ImportFlags = {
  readonly from?: string;
  readonly confirm?: boolean;
  readonly all?: boolean;
  readonly insecure?: boolean;
  readonly scheduled?: boolean;
  readonly dryRun?: boolean;
  readonly importMode?: string;
};
export type TagFlags = {
  readonly insecure?: boolean;
  readonly scheduled?: boolean;
  readonly reference?: boolean;
};

type Tag = {
  readonly name: string;
  readonly from?: { readonly kind?: string; readonly name?: string };
  readonly importPolicy?: { readonly insecure?: boolean; readonly scheduled?: boolean };
};
type Stream = {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly tags?: readonly Tag[]; readonly dockerImageRepository?: string };
};

export const apiBase = '/apis/image.openshift.io/v1';

const importImage =
  (base: string, api: Serve['api']) =>
  async (target: string, flags: ImportFlags = {}): Promise<Answer> => {
    const [name = '', tag = 'latest'] = target.split(':');
    const found = await api('GET', `${base}/imagestreams/${name}`);
    const stream = found.status === 200 ? (found.body as Stream) : undefined;
    if (stream === undefined && flags.confirm !== true) return found;
    const tags = (stream?.spec.tags ?? []).filter(({ from }) => from?.kind === 'DockerImage');
    const image = (to: string, from: string, old: Tag | undefined) => ({
      from: { kind: 'DockerImage', name: from },
      to: { name: to },
      importPolicy: {
        ...(flags.insecure === true || old?.importPolicy?.insecure === true ? { insecure: true } : {}),
        ...(flags.scheduled === true || old?.importPolicy?.scheduled === true ? { scheduled: true } : {}),
        importMode: flags.importMode ?? 'Legacy',
      },
      referencePolicy: { type: 'Source' },
    });
    const repository = flags.all === true ? (flags.from ?? stream?.spec.dockerImageRepository) : undefined;
    const old = tags.find((candidate) => candidate.name === tag);
    const source = flags.from ?? old?.from?.name;
    const wanted =
      repository !== undefined
        ? {
            repository: {
              from: { kind: 'DockerImage', name: repository },
              importPolicy: { ...(flags.insecure === true ? { insecure: true } : {}), importMode: 'Legacy' },
              referencePolicy: { type: 'Source' },
            },
          }
        : {
            images:
              flags.all === true
                ? tags.map((each) => image(each.name, each.from?.name ?? '', each))
                : [image(tag, source ?? '', old)],
          };
    if (flags.all !== true && source === undefined)
      return { status: 0, body: undefined, text: 'refused by the client' };
    const namespace = base.split('/').at(-1);
    return api('POST', `${base}/imagestreamimports`, {
      kind: 'ImageStreamImport',
      apiVersion: 'image.openshift.io/v1',
      metadata: {
        name,
        namespace,
        ...(stream === undefined ? {} : { resourceVersion: stream.metadata.resourceVersion }),
      },
      spec: { import: flags.dryRun !== true, ...wanted },
      status: {},
    });
  };

const tagDocker =
  (base: string, api: Serve['api']) =>
  (from: string, target: string, flags: TagFlags = {}) => {
    const [, tag] = target.split(':');
    return api('PUT', `${base}/imagestreamtags/${target}`, {
      kind: 'ImageStreamTag',
      apiVersion: 'image.openshift.io/v1',
      metadata: { name: target, namespace: base.split('/').at(-1) },
      tag: {
        name: tag,
        annotations: null,
        from: { kind: 'DockerImage', name: from },
        ...(flags.reference === true ? { reference: true } : {}),
        generation: 0,
        importPolicy: {
          ...(flags.insecure === true ? { insecure: true } : {}),
          ...(flags.scheduled === true ? { scheduled: true } : {}),
          importMode: 'Legacy',
        },
        referencePolicy: { type: 'Source' },
      },
      generation: 0,
      lookupPolicy: { local: false },
      image: { metadata: {}, dockerImageMetadata: null },
    });
  };

const deployment = (name: string, image: string, replicas: number) => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: image.split(':')[0], image, resources: {} }] },
    },
    strategy: {},
  },
  status: {},
});

const dockerSecret = (name: string, server: string, username: string, password: string) => {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const config = JSON.stringify({ auths: { [server]: { username, password, auth } } });
  return {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name },
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
    type: 'kubernetes.io/dockerconfigjson',
  };
};

/** An `oc` that works in one namespace of a server. */
export const createOc = ({ api }: Pick<Serve, 'api'>, namespace: string): Oc => {
  const base = `${apiBase}/namespaces/${namespace}`;
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  return {
    createNamespace: async () => {
      await api('POST', '/api/v1/namespaces', {
        kind: 'Namespace',
        apiVersion: 'v1',
        metadata: { name: namespace },
      });
    },
    importImage: importImage(base, api),
    tagDocker: tagDocker(base, api),
    setTriggers: (name, patch) =>
      api(
        'PATCH',
        `${apps}/deployments/${name}?fieldManager=kubectl-set`,
        patch,
        'application/strategic-merge-patch+json',
      ),
    createDeployment: (name, image, replicas) =>
      api('POST', `${apps}/deployments`, deployment(name, image, replicas)),
    createDockerSecret: (name, server, username, password) =>
      api('POST', `${core}/secrets`, dockerSecret(name, server, username, password)),
    get: (path) => api('GET', path),
    post: (plural, body) => api('POST', `${base}/${plural}`, body),
    remove: (path) => api('DELETE', path),
  };
};
