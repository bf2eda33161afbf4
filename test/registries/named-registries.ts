import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeProxy } from '../fakes/proxy.ts';
import type { RecordedRequest } from '../fakes/registry/http.ts';
import { type Certificate, type Content, createCertificate, push } from '../fakes/registry/index.ts';
import { startReverseProxy } from '../fakes/reverse-proxy.ts';
import { startTokenServer } from '../fakes/token-server.ts';
import { startDockerRegistry } from '../setup/docker-registry.ts';
import type { createCleanups } from './support.ts';

/** Registries that go by their true names here: host, and host of their token server. */
const families = [
  { registry: 'registry-1.docker.io', realm: 'auth.docker.io' },
  { registry: 'registry.redhat.io', realm: 'sso.redhat.com' },
  { registry: '*.example.test', realm: 'tokens.example.test' },
] as const;

export type NamedRegistriesOptions = {
  /** Names below `example.test` that are registries. */
  readonly names: readonly string[];
  /** What is there, by repository, with the tag `v1`. */
  readonly contents: Readonly<Record<string, Content>>;
  readonly users: Readonly<Record<string, string>>;
  /** Whether a user may read a repository; nobody reads without being one. */
  readonly allows: (user: string, repository: string) => boolean;
};

/** Real registries over TLS, under names that only an HTTP proxy knows; they all hold the same. */
export type NamedRegistries = {
  readonly proxy: URL;
  /** Of the authority of them all; PEM. */
  readonly ca: string;
  /** Users that tokens were asked for, oldest first; `nobody` for none. */
  readonly accounts: () => readonly string[];
  /** Every request to a registry, and to the token server. */
  readonly requests: () => readonly RecordedRequest[];
  /** Lines of the proxy: `CONNECT registry-1.docker.io:443`. */
  readonly tunnels: () => readonly string[];
  readonly forgetRequests: () => void;
};

const admin = { name: 'admin', password: 'admin-secret' };

const startServers = async (options: NamedRegistriesOptions, rig: ReturnType<typeof createCleanups>) => {
  const { users, allows } = options;
  const names = families.flatMap(({ registry, realm }) => [registry, realm]);
  const tls: Certificate = await createCertificate(names.map((value) => ({ type: 'dns', value })));
  const tokens = await rig.track(
    startTokenServer({
      tls,
      users: { ...users, [admin.name]: admin.password },
      allows: (user, repository) => {
        if (user === admin.name) return ['pull', 'push'];
        return user !== undefined && allows(user, repository) ? ['pull'] : [];
      },
    }),
  );
  const { service, issuer, certificate } = tokens;
  const rootDirectory = await mkdtemp(join(tmpdir(), 'named-registries-'));
  rig.add(() => rm(rootDirectory, { recursive: true }));
  const fronts = await Promise.all(
    families.map(async (family) => {
      const realm = `https://${family.realm}/token`;
      const token = { realm, service, issuer, certificate };
      const registry = await rig.track(startDockerRegistry({ rootDirectory, token }));
      const front = await rig.track(startReverseProxy({ target: registry.host, tls }));
      return { ...family, front, direct: registry.host };
    }),
  );
  return { tls, tokens, fronts };
};

/** Starts {@link NamedRegistries}, which end with `rig`. */
export const startNamedRegistries = async (
  options: NamedRegistriesOptions,
  rig: ReturnType<typeof createCleanups>,
): Promise<NamedRegistries> => {
  const { tls, tokens, fronts } = await startServers(options, rig);
  const direct = fronts[0]?.direct ?? '';
  for (const [repository, content] of Object.entries(options.contents)) {
    const token = await tokens.issue(admin.name, `repository:${repository}:pull,push`);
    await push({ url: `http://${direct}`, authorization: `Bearer ${token}` }, repository, content, 'v1');
  }
  const hosts = Object.fromEntries(
    fronts.flatMap(({ registry, realm, front }) => [
      ...(registry.startsWith('*.') ? options.names : [registry]).map((name) => [`${name}:443`, front.host]),
      [`${realm}:443`, tokens.host],
    ]),
  ) as Readonly<Record<string, string>>;
  const proxy = await rig.track(startFakeProxy({ hosts }));
  let forgotten = 0;
  return {
    proxy: proxy.url,
    ca: tls.ca,
    accounts: () => tokens.requests.map(({ url }) => url.searchParams.get('account') ?? 'nobody'),
    requests: () => [...fronts.flatMap(({ front }) => front.requests), ...tokens.requests],
    tunnels: () => proxy.lines().slice(forgotten),
    forgetRequests: () => {
      forgotten = proxy.lines().length;
      tokens.forgetRequests();
      for (const { front } of fronts) front.forgetRequests();
    },
  };
};
