import { isAbsolute, resolve } from 'node:path';
import { CliError, messageOf } from './errors.ts';
import { type PluginPorts, runExecPlugin } from './exec-plugin.ts';
import type { Entry, FilePorts } from './kubeconfig.ts';
import type { CliPorts } from './ports.ts';
import { type Fields, fieldsOf, textOf, textsOf } from './untyped.ts';

/** What is needed of the world to sign in. */
export type SignInPorts = FilePorts & PluginPorts & Pick<CliPorts, 'clock'>;

/** What proves to an API server who we are. Certificate and key are PEM texts. */
export type UserCredentials = {
  readonly authorization?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** As whom to act, where it is somebody else. */
  readonly impersonation?: Readonly<Record<string, string | readonly string[]>>;
  /** When they are worth nothing any more; absent: nobody knows. */
  readonly expiresAtMs?: number;
};

const fileOf = async (entry: Entry, key: string, ports: FilePorts): Promise<string | undefined> => {
  const path = textOf(entry.fields[key]);
  if (path === undefined) return undefined;
  const absolute = isAbsolute(path) ? path : resolve(entry.directory, path);
  try {
    return await ports.readFile(absolute);
  } catch (error) {
    throw new CliError('usage', `cannot read ${absolute} (${key} of the kubeconfig): ${messageOf(error)}`, {
      cause: error,
    });
  }
};

/** A PEM given in place (base64, field `<key>-data`) or as a file; the data wins, as in kubectl. */
export const pemOf = async (entry: Entry, key: string, ports: FilePorts): Promise<string | undefined> => {
  const data = textOf(entry.fields[`${key}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  return fileOf(entry, key, ports);
};

const authorizationOf = async (user: Entry, ports: FilePorts): Promise<string | undefined> => {
  // kubectl prefers the file to the token: the file is renewed by others.
  const token = (await fileOf(user, 'tokenFile', ports))?.trim() ?? textOf(user.fields['token']);
  if (token !== undefined) return `Bearer ${token}`;
  const username = textOf(user.fields['username']);
  if (username === undefined) return undefined;
  const password = textOf(user.fields['password']) ?? '';
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
};

/** When an id token ends, in milliseconds; undefined for what is no such token. */
const endOfToken = (token: string): number | undefined => {
  const [, claims = ''] = token.split('.');
  try {
    const { exp } = fieldsOf(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    // The server judges what it is.
    return undefined;
  }
};

/** What took the place of providers that kubectl itself had once. */
const successors: Readonly<Record<string, string>> = {
  gcp: 'gke-gcloud-auth-plugin',
  azure: 'kubelogin (of Azure)',
  openstack: 'client-keystone-auth',
};

/** The id token of the provider `oidc` is used as it stands; to renew it is left to programs made for that. */
const fromAuthProvider = (provider: Fields, source: string, nowMs: number): UserCredentials => {
  const name = textOf(provider['name']) ?? '';
  const refuse = (why: string, plugin: string): CliError =>
    new CliError(
      'usage',
      `${source} signs in by the auth-provider "${name}", ${why}; use the exec plugin ${plugin}`,
    );
  if (name !== 'oidc')
    throw refuse('which kubectl does not have any more either', successors[name] ?? 'of your cluster');
  const token = textOf(fieldsOf(provider['config'])['id-token']);
  if (token === undefined) throw refuse('which has no id-token', 'kubelogin, or sign in anew');
  const expiresAtMs = endOfToken(token);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    const when = new Date(expiresAtMs).toISOString();
    throw refuse(`whose id-token ended at ${when}`, 'kubelogin, or let kubectl renew it');
  }
  return { authorization: `Bearer ${token}`, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
};

/** As whom to act, as headers. */
const impersonationOf = ({ fields }: Entry): UserCredentials => {
  const user = textOf(fields['as']);
  if (user === undefined) return {};
  const uid = textOf(fields['as-uid']);
  const groups = textsOf(fields['as-groups']);
  const extra = Object.entries(fieldsOf(fields['as-user-extra'])).map(
    ([key, values]): [string, readonly string[]] => [
      `Impersonate-Extra-${encodeURIComponent(key)}`,
      textsOf(values),
    ],
  );
  const impersonation = {
    'Impersonate-User': user,
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...Object.fromEntries(extra),
  };
  return { impersonation };
};

/** A cluster as exec plugins are told of it. */
const clusterInfo = ({ fields }: Entry, ca: string | undefined): Fields => {
  const extensions = (Array.isArray(fields['extensions']) ? fields['extensions'] : []).map(fieldsOf);
  const own = extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec');
  const kept = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'];
  return {
    ...Object.fromEntries(kept.flatMap((key) => (fields[key] === undefined ? [] : [[key, fields[key]]]))),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(own === undefined ? {} : { config: own['extension'] }),
  };
};

/** Where the credentials are for. */
export type SignInPlace = {
  readonly cluster: Entry;
  readonly ca: string | undefined;
  readonly source: string;
};

const signedInBy = async (user: Entry, place: SignInPlace, ports: SignInPorts): Promise<UserCredentials> => {
  const provider = user.fields['auth-provider'];
  if (provider !== undefined && provider !== null)
    return fromAuthProvider(fieldsOf(provider), place.source, ports.clock.now());
  const { exec } = user.fields;
  if (exec === undefined || exec === null) return {};
  const info = clusterInfo(place.cluster, place.ca);
  const { token, ...rest } = await runExecPlugin(user, info, place.source, ports);
  return { ...rest, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
};

/**
 * The credentials of a user of a kubeconfig, as they are now. A token or password in place goes before plugins, as in kubectl.
 *
 * @throws {CliError} when they cannot be read or a plugin gives none.
 */
export const userCredentials = async (
  user: Entry,
  place: SignInPlace,
  ports: SignInPorts,
): Promise<UserCredentials> => {
  const [authorization, certificate, key] = await Promise.all([
    authorizationOf(user, ports),
    pemOf(user, 'client-certificate', ports),
    pemOf(user, 'client-key', ports),
  ]);
  const provided = authorization === undefined ? await signedInBy(user, place, ports) : { authorization };
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...provided,
    ...impersonationOf(user),
  };
};
