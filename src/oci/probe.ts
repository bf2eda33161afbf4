import { digestBytes, parseDigest } from './digest.ts';
import { parseJsonObject } from './json.ts';
import { nextLink } from './link.ts';
import { acceptManifests, mediaTypes, parseMediaType } from './media-type.ts';
import { isTag } from './reference.ts';
import { repositoryUrl } from './request.ts';
import { parseChallenges } from './transport/challenge.ts';
import { parseQuota } from './transport/rate-limit.ts';
import { checkRealm } from './transport/realm.ts';
import type { RegistryRequest, RegistryResponse, Send } from './transport/send.ts';
import { errorOfResponse } from './transport/status.ts';
import type { TlsFacts } from './transport/tls-facts.ts';
import type { Access, RegistryClient, Repository } from './types.ts';

/** What a registry does about one thing that registries differ in. */
export type Finding = {
  readonly check: string;
  /** `yes`, `no`, or what it is; `?` where it could not be found out. */
  readonly finding: string;
  /** More about it, for people; may be empty. */
  readonly detail: string;
};

/** How to ask a registry. */
export type ProbePorts = {
  /** Proves who asks where that is wanted. */
  readonly send: Send;
  /** Sends as it is: a 401 is an answer. */
  readonly bare: Send;
  readonly now: () => number;
  readonly trustedRealms: readonly string[];
  /** What the server behind a URL showed when it was connected to. */
  readonly tlsOf: (url: URL) => TlsFacts | undefined;
};

type Ask = (
  method: 'GET' | 'HEAD',
  path: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<RegistryResponse>;

/** What was found, and the answers that it was found in. */
type Findings = { readonly findings: readonly Finding[]; readonly responses: readonly RegistryResponse[] };

const maxBytes = 4 * 1024 * 1024;

const found = (check: string, finding: string, detail = ''): Finding => ({ check, finding, detail });
const yesNo = (check: string, isSo: boolean, detail = ''): Finding =>
  found(check, isSo ? 'yes' : 'no', detail);

const requestOf = (
  method: 'GET' | 'HEAD',
  url: URL,
  { repository, access }: { readonly repository: Repository; readonly access: Access },
  headers: Readonly<Record<string, string>> = {},
): RegistryRequest => ({
  method,
  operation: 'probe',
  repository,
  subject: `${url.host}${url.pathname}`,
  url,
  headers: { accept: '*/*', ...headers },
  access,
  maxBytes,
});

const describeAuthentication = (
  response: RegistryResponse,
  trustedRealms: readonly string[],
): readonly Finding[] => {
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
  if (challenges.length === 0) return [found('authentication', response.status === 401 ? '?' : 'none asked')];
  return challenges.map(({ scheme, parameters }) => {
    const realm = parameters.get('realm') ?? '';
    const service = parameters.get('service');
    const detail = [`realm ${realm}`, ...(service === undefined ? [] : [`service ${service}`])].join(', ');
    if (scheme !== 'bearer') return found('authentication', scheme, detail);
    const checked = checkRealm(realm, response.url, trustedRealms);
    return found('authentication', scheme, checked.ok ? detail : `${detail}; refused: ${checked.problem}`);
  });
};

const describeQuota = (responses: readonly RegistryResponse[], nowMs: number): Finding => {
  const [quota] = responses.flatMap((response) => parseQuota(response, nowMs) ?? []);
  if (quota === undefined) return found('rate limit headers', 'no');
  const { remaining, limit, windowMs, resetMs } = quota;
  const window = windowMs === undefined ? '' : `, per ${windowMs / 1000} s`;
  const reset = resetMs === undefined ? '' : `, renewed in ${Math.ceil(resetMs / 1000)} s`;
  return found('rate limit headers', 'yes', `${remaining} of ${limit ?? '?'} left${window}${reset}`);
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const describeTls = (response: RegistryResponse, { insecure }: Access, { tlsOf }: ProbePorts): Finding => {
  if (response.url.protocol !== 'https:') return found('TLS', 'no', 'plain http');
  const verified = insecure ? 'certificates were not checked' : 'the certificate verifies';
  const facts = tlsOf(response.url);
  if (facts === undefined) return found('TLS', 'yes', verified);
  const { protocol, issuer, expiresAtMs } = facts;
  return found('TLS', protocol, `${verified}, issued by ${issuer}, expires ${day(expiresAtMs)}`);
};

const probePing = async (
  target: { readonly repository: Repository; readonly access: Access },
  ports: ProbePorts,
  signal: AbortSignal,
): Promise<Findings> => {
  const { bare, trustedRealms } = ports;
  const url = new URL('/v2/', repositoryUrl(target.repository, ''));
  const response = await bare(requestOf('GET', url, target), signal);
  const version = response.headers['docker-distribution-api-version'];
  const findings = [
    describeTls(response, target.access, ports),
    found('ping', String(response.status), version === undefined ? 'no API version header' : version),
    ...describeAuthentication(response, trustedRealms),
  ];
  return { findings, responses: [response] };
};

const tagsOf = ({ bytes }: RegistryResponse): readonly string[] => {
  const tags = parseJsonObject(bytes)?.['tags'];
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
};

const formOfLink = (response: RegistryResponse): string => {
  const target = nextLink(response.headers['link'] ?? '');
  if (target === undefined) return 'none';
  const url = URL.parse(target);
  if (url === null) return target.startsWith('/') ? 'relative' : 'relative to the path';
  return url.host === response.url.host ? 'absolute' : `absolute, to another host (${url.host})`;
};

const countOf = (response: RegistryResponse): string =>
  response.status === 200 ? `${tagsOf(response).length} tags` : `status ${response.status}`;

const probeTags = (small: RegistryResponse, whole: RegistryResponse): readonly Finding[] => [
  found('tags without n', countOf(whole), `link to the next page: ${formOfLink(whole)}`),
  yesNo('tags by n', small.status === 200 && tagsOf(small).length <= 1, `n=1: ${countOf(small)}`),
  found('link to the next page', formOfLink(small), 'of n=1'),
];

const describeEtag = (etag: string | undefined): string => {
  if (etag === undefined) return '';
  return /sha256:[0-9a-f]{64}/.test(etag) ? 'it is the digest' : 'it is no digest';
};

const probeManifest = async (ask: Ask, tag: string): Promise<Findings> => {
  const path = `manifests/${tag}`;
  const accept = { accept: acceptManifests };
  const [head, get] = [await ask('HEAD', path, accept), await ask('GET', path, accept)];
  const hashed = digestBytes(get.bytes);
  const stated = parseDigest(head.headers['docker-content-digest'] ?? '');
  const isOther = stated !== undefined && get.status === 200 && stated !== hashed;
  const etag = head.headers['etag'] ?? get.headers['etag'];
  const again = etag === undefined ? undefined : await ask('GET', path, { ...accept, 'if-none-match': etag });
  const referrers = await ask('GET', `referrers/${stated ?? hashed}`, { accept: mediaTypes.ociIndex });
  const isIndex = parseMediaType(referrers.headers['content-type'] ?? '') === mediaTypes.ociIndex;
  const findings = [
    yesNo('HEAD of manifests', head.status === 200, `status ${head.status}, of the tag ${tag}`),
    yesNo('digest header of HEAD', stated !== undefined, isOther ? 'not the digest of the bytes' : ''),
    yesNo('digest header of GET', get.headers['docker-content-digest'] !== undefined),
    yesNo('ETag', etag !== undefined, describeEtag(etag)),
    yesNo('conditional requests', again?.status === 304, again === undefined ? '' : `status ${again.status}`),
    yesNo('referrers API', referrers.status === 200 && isIndex, `status ${referrers.status}`),
  ];
  return { findings, responses: [head, get] };
};

const probeRepository = async (
  target: { readonly repository: Repository; readonly access: Access },
  { send, now }: ProbePorts,
  signal: AbortSignal,
): Promise<Findings> => {
  const ask: Ask = (method, path, headers) =>
    send(requestOf(method, repositoryUrl(target.repository, path), target, headers), signal);
  const whole = await ask('GET', 'tags/list');
  const isRefused = whole.status === 401 || whole.status === 403 || whole.status === 404;
  if (isRefused) {
    const request = requestOf('GET', repositoryUrl(target.repository, 'tags/list'), target);
    throw errorOfResponse(request, whole, now());
  }
  const small = await ask('GET', 'tags/list?n=1');
  const tag = tagsOf(whole).find(isTag);
  const manifest = tag === undefined ? { findings: [], responses: [] } : await probeManifest(ask, tag);
  return {
    findings: [...probeTags(small, whole), ...manifest.findings],
    responses: [whole, small, ...manifest.responses],
  };
};

/**
 * Finds out what a registry supports of what registries differ in, by some ten requests; of a whole registry (an empty repository) by
 * one. Whatever it answers is a finding.
 */
export const createProbe =
  (ports: ProbePorts): RegistryClient['probe'] =>
  async (repository, access, signal) => {
    const target = { repository, access };
    const ping = await probePing(target, ports, signal);
    const rest =
      repository.repository === ''
        ? { findings: [], responses: [] }
        : await probeRepository(target, ports, signal);
    const quota = describeQuota([...rest.responses, ...ping.responses], ports.now());
    return [...ping.findings, ...rest.findings, quota];
  };
