import { randomUUID } from 'node:crypto';
import type { Answer, RecordedRequest } from './http.ts';
import { errorAnswer, jsonAnswer } from './http.ts';

/** How a fake registry wants to be spoken to. */
export type AuthOptions = {
  readonly kind: 'basic' | 'bearer';
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
  /** Users by identity token, for the OAuth2 flow. */
  readonly identityTokens?: Readonly<Record<string, string>>;
  /** Repositories that a user may read. Default: everybody in `users` may read all. */
  readonly allows?: (user: string, repository: string) => boolean;
  /** Repositories that anybody may read. Default none. */
  readonly isPublic?: (repository: string) => boolean;
  /** Of bearer tokens. Default 300; `undefined` is left out of the answer. */
  readonly expiresInSeconds?: number | undefined;
  /** Which member of the answer holds the token. Default `token`. */
  readonly tokenMember?: 'token' | 'access_token';
};

type Grant = { readonly repository: string; readonly expiresAtMs: number };

/** Decides who may read what. */
export type Guard = {
  /** The refusal of a request, or `undefined`: it may pass. */
  readonly check: (request: RecordedRequest, repository: string, origin: string) => Answer | undefined;
  /** Answers `/token`. */
  readonly token: (request: RecordedRequest) => Answer;
  /** Makes all tokens worthless, as a registry that restarts does. */
  readonly revokeTokens: () => void;
};

/** Who asks: nobody (`undefined`), a user, or somebody with `wrong` credentials. */
const userOfBasic = (header: string | undefined, users: AuthOptions['users']): string | undefined => {
  const encoded = /^Basic (.+)$/.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const user = text.slice(0, text.indexOf(':'));
  return Object.hasOwn(users, user) && users[user] === text.slice(user.length + 1) ? user : 'wrong';
};

/** A guard for `options`. `now` is what tokens expire by. */
export const createGuard = (options: AuthOptions, now: () => number): Guard => {
  const tokens = new Map<string, Grant>();
  const { allows = () => true, isPublic = () => false } = options;
  const mayRead = (user: string | undefined, repository: string): boolean =>
    isPublic(repository) || (user !== undefined && allows(user, repository));

  const checkBasic: Guard['check'] = (request, repository) => {
    const user = userOfBasic(request.headers['authorization'], options.users);
    if (user !== 'wrong' && mayRead(user, repository)) return undefined;
    if (user !== 'wrong' && user !== undefined) return errorAnswer(403, 'DENIED');
    return errorAnswer(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="fake registry"' });
  };

  const checkBearer: Guard['check'] = (request, repository, origin) => {
    const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const grant = token === undefined ? undefined : tokens.get(token);
    if (grant !== undefined && grant.repository === repository && grant.expiresAtMs > now()) return undefined;
    const challenge = `Bearer realm="${origin}/token",service="fake",scope="repository:${repository}:pull"`;
    return errorAnswer(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
  };

  const userOfForm = (request: RecordedRequest): string | undefined =>
    options.identityTokens?.[new URLSearchParams(request.body).get('refresh_token') ?? ''] ?? 'wrong';

  const token: Guard['token'] = (request) => {
    const isForm = request.method === 'POST';
    const query = isForm ? new URLSearchParams(request.body) : request.url.searchParams;
    const user = isForm ? userOfForm(request) : userOfBasic(request.headers['authorization'], options.users);
    if (user === 'wrong') return errorAnswer(401, 'UNAUTHORIZED');
    const repository = /^repository:(.+):pull$/.exec(query.get('scope') ?? '')?.[1] ?? '';
    const { expiresInSeconds = 'expiresInSeconds' in options ? undefined : 300 } = options;
    const value = randomUUID();
    if (mayRead(user, repository)) {
      tokens.set(value, { repository, expiresAtMs: now() + (expiresInSeconds ?? 60) * 1000 });
    }
    return jsonAnswer(200, { [options.tokenMember ?? 'token']: value, expires_in: expiresInSeconds });
  };

  return {
    check: options.kind === 'basic' ? checkBasic : checkBearer,
    token,
    revokeTokens: () => tokens.clear(),
  };
};
