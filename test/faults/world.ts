import type { LookupAddress } from 'node:dns';
import { exponentialBackoff } from '../../src/lib/backoff.ts';
import {
  type Access,
  createKeychain,
  createRegistryClient,
  parseDockerConfig,
  parseReference,
  type Reference,
  type RegistryClientOptions,
  type RequestEvent,
} from '../../src/oci/index.ts';
import type { Lookup } from '../../src/oci/transport/address.ts';
import { defaultRetryPolicy } from '../../src/oci/transport/retry.ts';
import { createManualClock } from '../fakes/clock.ts';
import {
  type AuthOptions,
  anImage,
  type Certificate,
  createCertificate,
  type FakeRegistry,
  type RecordedRequest,
  startFakeRegistry,
  trusting,
} from '../fakes/registry/index.ts';

export const password = 'hunter2-the-secret';

/** The image behind `registry.test/app:v1`. */
export const image = anImage({ format: 'oci' });

/** Names of the one server that plays all parts: the registry, its token server and storage, and strangers. */
const names = ['registry.test', 'auth.registry.test', 'storage.test', 'evil.test', 'registry.test.evil.test'];

/** Names that lead to where nobody may go, one of them under the registry's own domain. */
const traps: Readonly<Record<string, string>> = {
  'metadata.registry.test': '169.254.169.254',
  'metadata.evil.test': '169.254.169.254',
};

const lookup: Lookup = (hostname, _options, callback) => {
  const address = names.includes(hostname) ? '127.0.0.1' : traps[hostname];
  const found: LookupAddress[] = address === undefined ? [] : [{ address, family: 4 }];
  callback(
    address === undefined ? Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }) : null,
    found,
  );
};

export const createWorldCertificate = (): Promise<Certificate> =>
  createCertificate(names.map((value) => ({ type: 'dns', value })));

/** A client in front of a registry with a token server, both sound until told otherwise. */
export type World = {
  readonly registry: FakeRegistry;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly client: ReturnType<typeof createRegistryClient>;
  readonly access: Access;
  readonly reference: Reference;
  readonly port: string;
  readonly events: readonly RequestEvent[];
  /** What was sent since the last time that it was forgotten: `GET manifest bearer`. */
  readonly sent: () => readonly string[];
  readonly stop: () => Promise<void>;
};

const kindOf = ({ url }: RecordedRequest): string => {
  const known: Readonly<Record<string, string>> = {
    'registry.test/v2/app/manifests/v1': 'manifest',
    [`registry.test/v2/app/blobs/${image.blobs[0]?.digest ?? ''}`]: 'config',
    'registry.test/v2/app/tags/list': `tags${url.search}`,
    'auth.registry.test/token': 'token',
  };
  const place = `${url.hostname}${url.pathname}`;
  return known[place] ?? place.replace(image.blobs[0]?.digest ?? '-', '<config>');
};

const credentialKind = (authorization: string | undefined): string =>
  authorization === undefined ? 'anonymous' : (authorization.split(' ', 1)[0] ?? '').toLowerCase();

export const startWorld = async (
  tls: Certificate,
  options: RegistryClientOptions = {},
  auth: Pick<AuthOptions, 'expiresInSeconds'> = { expiresInSeconds: 300 },
): Promise<World> => {
  const clock = createManualClock();
  const registry = await startFakeRegistry({
    tls,
    now: clock.now,
    auth: {
      ...auth,
      kind: 'bearer',
      users: { alice: password },
      realm: ({ port }) => `https://auth.registry.test:${port}/token`,
    },
  });
  registry.add('app', image, 'v1');
  const port = new URL(registry.url).port;
  const events: RequestEvent[] = [];
  const client = createRegistryClient({
    clock,
    lookup,
    certificates: trusting(tls.ca),
    onRequest: (event) => events.push(event),
    // Without chance, so that waits can be told in advance.
    retryPolicy: defaultRetryPolicy({ backoff: exponentialBackoff({ baseMs: 250, maxMs: 5_000 }) }),
    ...options,
  });
  const auths = { [`registry.test:${port}`]: { username: 'alice', password } };
  const { entries } = parseDockerConfig(JSON.stringify({ auths }), 'secret ns/pull');
  const parsed = parseReference(`registry.test:${port}/app:v1`);
  if (!parsed.ok) throw new Error(parsed.problem);
  return {
    registry,
    clock,
    client,
    access: { keychain: createKeychain(entries), insecure: false },
    reference: parsed.reference,
    port,
    events,
    sent: () =>
      registry.requests.map(
        (request) =>
          `${request.method} ${kindOf(request)} ${credentialKind(request.headers['authorization'])}`,
      ),
    stop: async () => {
      await client.close();
      await registry.stop();
    },
  };
};
