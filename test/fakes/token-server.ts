import 'reflect-metadata';
import { randomUUID, type webcrypto as WebCrypto, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { X509CertificateGenerator } from '@peculiar/x509';
import type { Certificate } from './registry/certificate.ts';
import { type Answer, errorAnswer, jsonAnswer, type RecordedRequest, readRequest } from './registry/http.ts';

export type TokenServerOptions = {
  /** Password of each user. */
  readonly users: Readonly<Record<string, string>>;
  /** User of each refresh token. Default none. */
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** What somebody (`undefined`: anybody) may do in a repository. Default: users everything, others nothing. */
  readonly allows?: (user: string | undefined, repository: string) => readonly string[];
  /** What answers say of the lifetime of tokens; the tokens themselves are good for five minutes. Default 300. */
  readonly expiresInSeconds?: number;
  /** Serves https with this certificate. Default http. */
  readonly tls?: Certificate;
};

/** A server for the tokens of registries, as its specification has it: signed with RS256, certificate included. */
export type TokenServer = {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What the tokens are signed with, PEM. */
  readonly certificate: string;
  readonly issuer: string;
  readonly service: string;
  readonly requests: readonly RecordedRequest[];
  /** A token for a user without a request: to push with. */
  readonly issue: (user: string, scope: string) => Promise<string>;
  readonly forgetRequests: () => void;
  readonly stop: () => Promise<void>;
};

const issuer = 'test token server';
const service = 'test registry';
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};

type Signer = { readonly certificate: string; readonly sign: (claims: object) => Promise<string> };

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const createSigner = async (): Promise<Signer> => {
  const keys: WebCrypto.CryptoKeyPair = await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]);
  const dayMs = 86_400_000;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${issuer}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
  });
  const header = {
    typ: 'JWT',
    alg: 'RS256',
    x5c: [Buffer.from(certificate.rawData).toString('base64')],
  };
  return {
    certificate: certificate.toString('pem'),
    sign: async (claims) => {
      const signed = `${base64url(header)}.${base64url(claims)}`;
      const signature = await webcrypto.subtle.sign(algorithm, keys.privateKey, Buffer.from(signed));
      return `${signed}.${Buffer.from(signature).toString('base64url')}`;
    },
  };
};

type Access = { readonly type: string; readonly name: string; readonly actions: readonly string[] };

/** Of `repository:team/app:pull,push`, several parted by spaces; the name may hold colons, as ports do. */
const parseScopes = (values: readonly string[]): readonly Access[] =>
  values
    .flatMap((value) => value.split(' '))
    .flatMap((scope) => {
      const [, type = '', name = '', actions = ''] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
      return type === '' ? [] : [{ type, name, actions: actions.split(',') }];
    });

/** Who asks: nobody (`undefined`), a user, or `false` for wrong credentials. */
const whoAsks = (request: RecordedRequest, form: URLSearchParams, options: TokenServerOptions) => {
  if (request.method === 'POST')
    return options.refreshTokens?.[form.get('refresh_token') ?? ''] ?? (false as const);
  const encoded = /^Basic (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const user = text.slice(0, text.indexOf(':'));
  const isKnown = Object.hasOwn(options.users, user) && options.users[user] === text.slice(user.length + 1);
  return isKnown ? user : (false as const);
};

/** Grants as much of the scopes as the user may have. */
const createIssuer =
  ({ allows = (who) => (who === undefined ? [] : ['pull', 'push']) }: TokenServerOptions, signer: Signer) =>
  (user: string | undefined, scopes: readonly string[]): Promise<string> => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return signer.sign({
      iss: issuer,
      sub: user ?? '',
      aud: service,
      iat: nowSeconds,
      nbf: nowSeconds - 10,
      exp: nowSeconds + 300,
      jti: randomUUID(),
      access: parseScopes(scopes).map((scope) => {
        const allowed = allows(user, scope.name);
        return { ...scope, actions: scope.actions.filter((action) => allowed.includes(action)) };
      }),
    });
  };

const createAnswer =
  (options: TokenServerOptions, issue: ReturnType<typeof createIssuer>) =>
  async (request: RecordedRequest): Promise<Answer> => {
    if (request.url.pathname !== '/token') return errorAnswer(404, 'NOT_FOUND');
    const isForm = request.method === 'POST';
    const form = isForm ? new URLSearchParams(request.body) : request.url.searchParams;
    if (isForm && form.get('grant_type') !== 'refresh_token')
      return jsonAnswer(400, { error: 'unsupported_grant_type' });
    if (form.get('service') !== service) return errorAnswer(400, 'UNKNOWN_SERVICE');
    const user = whoAsks(request, form, options);
    if (user === false) return errorAnswer(401, 'UNAUTHORIZED');
    const token = await issue(user, form.getAll('scope'));
    return jsonAnswer(200, {
      ...(isForm ? { access_token: token } : { token }),
      expires_in: options.expiresInSeconds ?? 300,
      issued_at: new Date().toISOString(),
    });
  };

/**
 * Starts a {@link TokenServer} on a free port of loopback; it answers at `/token`.
 *
 * @see https://distribution.github.io/distribution/spec/auth/jwt/
 */
export const startTokenServer = async (options: TokenServerOptions): Promise<TokenServer> => {
  const signer = await createSigner();
  const issue = createIssuer(options, signer);
  const answerOf = createAnswer(options, issue);
  const requests: RecordedRequest[] = [];
  const listener: RequestListener = (incoming, outgoing) => {
    const serve = async (): Promise<void> => {
      const request = await readRequest(incoming);
      requests.push(request);
      const { status, headers, body } = await answerOf(request);
      outgoing.writeHead(status, headers).end(body);
    };
    serve().catch(() => incoming.socket.destroy());
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ key: options.tls.key, cert: options.tls.cert }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: signer.certificate,
    issuer,
    service,
    requests,
    issue: (user, scope) => issue(user, [scope]),
    forgetRequests: () => requests.splice(0),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
