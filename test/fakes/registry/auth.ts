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
  /** Whether public repositories want a token all the same. Default true: most do. */
  readonly publicWantsToken?: boolean;
  /** Where tokens are had, as the challenge names it. Default `/token` of the host that was asked. */
  readonly realm?: string | ((asked: URL) => string);
  /** Default `fake`; empty is left out of the challenge. */
  readonly service?: string;
  /** Scope in the challenge. Default the repository's; empty is left out. */
  readonly scope?: string;
  /** Challenges around the one for Bearer; `$` stands for it. Default `$` alone. */
  readonly challenges?: string;
  /** The challenge of Basic. Default `Basic realm="fake registry"`. */
  readonly basicChallenge?: string;
  /** Of bearer tokens. Default 300; `undefined` is left out of the answer. */
  readonly expiresInSeconds?: number | undefined;
  /** Which member of the answer holds the token. Default `token`. */
  readonly tokenMember?: 'token' | 'access_token';
};

type Grant = { readonly repository: string; readonly expiresAtMs: number };

/** Decides who may read what. */
export type Guard = {
  /** The refusal of a request, or `undefined`: it may pass. */
  readonly check: (request: RecordedRequest, repository: string) => Answer | undefined;
  /** Whether a request goes to the token server. */
  readonly isForToken: (request: RecordedRequest) => boolean;
  /** Answers for the token server. */
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

const realmOf = (options: AuthOptions, { url }: RecordedRequest): string =>
  typeof options.realm === 'function' ? options.realm(url) : (options.realm ?? `${url.origin}/token`);

const bearerChallenge = (options: AuthOptions, request: RecordedRequest, repository: string): string => {
  const { service = 'fake', scope = `repository:${repository}:pull`, challenges = '$' } = options;
  const parameters = [
    `realm="${realmOf(options, request)}"`,
    ...(service === '' ? [] : [`service="${service}"`]),
    ...(scope === '' ? [] : [`scope="${scope}"`]),
  ];
  return challenges.replace('$', () => `Bearer ${parameters.join(',')}`);
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
    const challenge = options.basicChallenge ?? 'Basic realm="fake registry"';
    return errorAnswer(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
  };

  const checkBearer: Guard['check'] = (request, repository) => {
    const authorization = request.headers['authorization'];
    const isOpen = options.publicWantsToken === false && isPublic(repository);
    if (isOpen && authorization === undefined) return undefined;
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    const grant = token === undefined ? undefined : tokens.get(token);
    if (grant !== undefined && grant.repository === repository && grant.expiresAtMs > now()) return undefined;
    const challenge = bearerChallenge(options, request, repository);
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
    isForToken: (request) => {
      const realm = new URL(realmOf(options, request));
      return realm.host === request.url.host && realm.pathname === request.url.pathname;
    },
    token,
    revokeTokens: () => tokens.clear(),
  };
};
