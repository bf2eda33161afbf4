import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDockerRegistry } from '../../setup/docker-registry.ts';
import { type GoldenRegistries, startGoldenRegistries } from '../../setup/golden-registry.ts';
import { type Answer, type Serve, startServe } from '../serve.ts';
import { createOc } from './oc.ts';
import { type OcRequest, readOcRequests } from './oc-requests.ts';
import { withRecordedHosts } from './recorded-hosts.ts';

const namespace = 'ocreq';
const image = '/apis/image.openshift.io/v1';
const apps = `/apis/apps/v1/namespaces/${namespace}`;

/** Paths of what is served here; of the rest a cluster has more, and OpenShift more still. */
const served = [
  `${image}/`,
  `${apps}/deployments`,
  `${apps}/replicasets`,
  `/api/v1/namespaces/${namespace}`,
  '/api?',
  '/apis?',
  '/openapi/v3',
  '/version',
];
const notServed = [
  'services',
  'persistentvolumeclaims',
  'serviceaccounts',
  'pods',
  'replicationcontrollers',
].map((plural) => `/api/v1/namespaces/${namespace}/${plural}`);

const isServed = ({ path, status, method, body }: OcRequest): boolean =>
  (served.some((start) => path.startsWith(start)) && !notServed.includes(path)) ||
  (status === 404 && (method === 'GET' || body !== undefined));

type Body = {
  readonly kind?: string;
  readonly metadata?: { readonly resourceVersion?: string };
  readonly paths?: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
};

const kinds: Readonly<Record<string, string>> = {
  imagestreams: 'ImageStream',
  imagestreamimports: 'ImageStreamImport',
  imagestreamtags: 'ImageStreamTag',
  imagetags: 'ImageTag',
  images: 'Image',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  namespaces: 'Namespace',
  secrets: 'Secret',
};

/** The kind of a request's answer: what it names, a list of that, a table, or a Status. */
const expectedKind = ({ method, path, status, accept = '' }: OcRequest): string | undefined => {
  if (status >= 400 || method === 'DELETE') return 'Status';
  if (accept.includes('as=APIGroupDiscoveryList')) return 'APIGroupDiscoveryList';
  const parts = (path.split('?')[0] ?? '').split('/');
  const isCollection = Object.hasOwn(kinds, parts.at(-1) ?? '');
  const kind = kinds[(isCollection ? parts.at(-1) : parts.at(-2)) ?? ''];
  if (!isCollection || method === 'POST') return kind;
  return accept.includes('as=Table') ? 'Table' : `${kind}List`;
};

type Api = Serve['api'];

/** Sends the requests one after the other, as `oc` does: with what it learned from the answers before. */
const createReplay = (api: Api) => {
  let stream: string | undefined;
  let openapi: string | undefined;
  /** Revisions of a stream that the requests name, as recorded and as they are here. */
  const revisions: { readonly recorded: string; readonly ours: string }[] = [];

  const fillIn = (body: string | undefined): string | undefined =>
    body?.replace(/"resourceVersion":"(\d+)"/, (_match, recorded: string) => {
      revisions.push({ recorded, ours: stream ?? '' });
      return `"resourceVersion":"${stream}"`;
    });

  const learn = (path: string, { body }: Answer): void => {
    const { metadata, paths } = body as Body;
    if (path.includes('/imagestreams/')) stream = metadata?.resourceVersion;
    openapi = paths?.['apis/image.openshift.io/v1']?.serverRelativeURL ?? openapi;
  };

  const send = async (request: OcRequest): Promise<Answer> => {
    const { method, accept, contentType } = request;
    const isHashed = request.path.includes('?hash=');
    const path = isHashed ? (openapi ?? request.path) : request.path;
    const body = fillIn(request.body);
    const parsed: unknown = body === undefined ? undefined : JSON.parse(body);
    const answer = await api(method, path, parsed, contentType, accept);
    learn(path, answer);
    return answer;
  };
  return { send, revisions };
};

describe.skipIf(!hasDockerRegistry)('every request that oc sends for images', () => {
  let registries: GoldenRegistries;
  let serve: Serve;
  beforeAll(async () => {
    registries = await startGoldenRegistries();
    serve = await startServe();
  });
  afterAll(async () => {
    await serve?.remove();
    await registries?.stop();
  });

  it('is answered with the status code and the kind of the original', async () => {
    const api = withRecordedHosts(serve.api, registries);
    const oc = createOc(api, namespace);
    await oc.createNamespace();
    await oc.createDeployment('web', 'placeholder:1', 0);
    const requests = readOcRequests().filter(isServed);
    const { send, revisions } = createReplay(api);

    const answers: string[] = [];
    for (const request of requests) {
      const { status, body } = await send(request);
      answers.push(`${request.command}: ${request.method} ${request.path}: ${status} ${(body as Body).kind}`);
    }
    expect(answers).toEqual(
      requests.map(
        (request) =>
          `${request.command}: ${request.method} ${request.path}: ${request.status} ${expectedKind(request)}`,
      ),
    );
    // An import that finds nothing new writes nothing: the original's revision stayed, and so does ours. (The fourth does find
    // something: it asks for a tag, mv1, that the registry had on that day only.)
    expect(revisions.map(({ recorded }) => recorded)).toEqual(['1013', '1013', '1014', '1014']);
    expect(revisions[1]?.ours).toBe(revisions[0]?.ours);
    expect(revisions[2]?.ours).not.toBe(revisions[1]?.ours);
  });

  it('is sent: none of those that were recorded is left out', () => {
    const ofImages = readOcRequests().filter(({ path }) => path.startsWith(image));
    expect(ofImages.length).toBe(44);
    expect(ofImages.filter((request) => !isServed(request))).toEqual([]);
  });
});
