import type { Answer, Serve } from '../serve.ts';

/**
 * What `oc` 4.22 sends for its image commands, as recorded in oc-requests.txt: enough to drive a server as the original was driven.
 * Flags are given as `oc` spells them.
 */
export type Oc = {
  readonly createNamespace: () => Promise<void>;
  readonly importImage: (target: string, flags?: ImportFlags) => Promise<Answer>;
  readonly tagDocker: (from: string, target: string, flags?: TagFlags) => Promise<Answer>;
  /** From `<stream>:<tag>`, `<stream>@<digest>` or the same with `<namespace>/` in front; so is the target. */
  readonly tagStream: (from: string, target: string, flags?: { readonly alias?: boolean }) => Promise<Answer>;
  /** `oc tag -d`. */
  readonly removeTag: (target: string) => Promise<Answer>;
  /** Reads the object and sends what is new in it, as `oc annotate` and `oc label` do. */
  readonly addMetadata: (path: string, metadata: unknown) => Promise<Answer>;
  readonly patch: (path: string, patch: unknown, type: PatchType) => Promise<Answer>;
  readonly setTriggers: (deployment: string, patch: unknown) => Promise<Answer>;
  readonly createDeployment: (name: string, image: string, replicas: number) => Promise<Answer>;
  readonly createDockerSecret: (
    name: string,
    server: string,
    username: string,
    password: string,
  ) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
  /** What `oc get` asks for to print a table. */
  readonly getTable: (path: string) => Promise<Answer>;
  readonly post: (plural: string, body: unknown) => Promise<Answer>;
  readonly remove: (path: string) => Promise<Answer>;
};

export type PatchType = 'json' | 'merge' | 'strategic-merge';

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
  readonly referencePolicy?: 'Source' | 'Local';
  readonly importMode?: string;
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
    if (flags.all !== true && source === undefined) return refusedByClient;
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

/** The body of a PUT of an ImageStreamTag, in the form that `oc tag` sends. */
const imageStreamTag = (name: string, namespace: string, tag: object) => ({
  kind: 'ImageStreamTag',
  apiVersion: 'image.openshift.io/v1',
  metadata: { name, namespace },
  tag: { name: name.split(':')[1], annotations: null, ...tag },
  generation: 0,
  lookupPolicy: { local: false },
  image: { metadata: {}, dockerImageMetadata: null },
});

const tagDocker =
  (namespace: string, api: Serve['api']): Oc['tagDocker'] =>
  (from, target, flags = {}) => {
    const tag = {
      from: { kind: 'DockerImage', name: from },
      ...(flags.reference === true ? { reference: true } : {}),
      generation: 0,
      importPolicy: {
        ...(flags.insecure === true ? { insecure: true } : {}),
        ...(flags.scheduled === true ? { scheduled: true } : {}),
        importMode: flags.importMode ?? 'Legacy',
      },
      referencePolicy: { type: flags.referencePolicy ?? 'Source' },
    };
    return api('PUT', tagPath(namespace, target), imageStreamTag(target, namespace, tag));
  };

const tagPath = (namespace: string, target: string): string =>
  `${apiBase}/namespaces/${namespace}/imagestreamtags/${target}`;

/** `<namespace>/<name>`, or a name of the namespace at hand. */
const split = (text: string, own: string): { readonly namespace: string; readonly name: string } => {
  const [first = '', second] = text.split('/');
  return second === undefined ? { namespace: own, name: first } : { namespace: first, name: second };
};

type History = { readonly tag: string; readonly items?: readonly { readonly image: string }[] };

const tagStream =
  (own: string, api: Serve['api']): Oc['tagStream'] =>
  async (from, target, { alias = false } = {}) => {
    const source = split(from, own);
    const { namespace, name } = split(target, own);
    let named = source.name;
    if (!named.includes('@') && !alias) {
      const [stream = '', tag] = source.name.split(':');
      const found = await api('GET', `${apiBase}/namespaces/${source.namespace}/imagestreams/${stream}`);
      const { tags } = (found.body as { readonly status: { readonly tags: readonly History[] } }).status;
      const image = tags.find((list) => list.tag === tag)?.items?.[0]?.image ?? '';
      if (image === '') return refusedByClient;
      named = `${stream}@${image}`;
    }
    const kind = alias ? 'ImageStreamTag' : 'ImageStreamImage';
    const elsewhere = source.namespace === namespace ? {} : { namespace: source.namespace };
    const body = {
      from: { kind, name: named, ...elsewhere },
      generation: null,
      importPolicy: { importMode: 'Legacy' },
      referencePolicy: { type: 'Source' },
    };
    return api('PUT', tagPath(namespace, name), imageStreamTag(name, namespace, body));
  };

const refusedByClient: Answer = { status: 0, body: undefined, text: 'refused by the client' };

const asTable = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
].join();

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
export const createOc = (api: Serve['api'], namespace: string): Oc => {
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
    tagDocker: tagDocker(namespace, api),
    tagStream: tagStream(namespace, api),
    removeTag: (target) =>
      api('DELETE', tagPath(namespace, target), {
        kind: 'DeleteOptions',
        apiVersion: 'image.openshift.io/v1',
      }),
    addMetadata: async (path, metadata) => {
      await api('GET', path);
      return api('PATCH', path, { metadata }, 'application/merge-patch+json');
    },
    patch: (path, patch, type) => api('PATCH', path, patch, `application/${type}-patch+json`),
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
    getTable: (path) => api('GET', `${path}?limit=500`, undefined, undefined, `${asTable},application/json`),
    post: (plural, body) => api('POST', `${base}/${plural}`, body),
    remove: (path) => api('DELETE', path, { propagationPolicy: 'Background' }),
  };
};
