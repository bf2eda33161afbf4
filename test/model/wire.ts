import { RegistryError } from '../../src/oci/errors.ts';
import type { RegistryRequest, RegistryResponse } from '../../src/oci/transport/send.ts';
import type { Sockets } from '../../src/oci/transport/undici.ts';
import type { ManualClock } from '../fakes/clock.ts';
import { createGuard } from '../fakes/registry/auth.ts';
import type { Content } from '../fakes/registry/content.ts';
import {
  type Answer,
  answer,
  errorAnswer,
  jsonAnswer,
  type RecordedRequest,
} from '../fakes/registry/http.ts';
import { parseRoute, route } from '../fakes/registry/routes.ts';
import { createStorage } from '../fakes/registry/storage.ts';

/**
 * How a host behaves. `lying`: its digests are not those of its bytes. `torn`: of a listing only the first page comes. `limited`: 429
 * until a time.
 */
export type HostState = 'up' | 'down' | 'hanging' | 'lying' | 'torn' | { readonly limitedUntilMs: number };

/** A request as the network saw it, by the clock that never jumps. */
export type WireRequest = {
  readonly atMs: number;
  readonly host: string;
  readonly method: string;
  /** `/v2/team/app/manifests/v1`. */
  readonly path: string;
  readonly status: number;
};

/** Registries without sockets: the real client's requests, answered in memory. */
export type Wire = {
  readonly sockets: Sockets;
  readonly requests: WireRequest[];
  readonly state: (host: string) => HostState;
  readonly set: (host: string, state: HostState) => void;
  readonly push: (host: string, repository: string, tag: string, content: Content) => void;
  readonly removeTag: (host: string, repository: string, tag: string) => void;
  /** Paths that wait for an answer of a host that hangs. */
  readonly hanging: () => readonly string[];
  /** How many requests a host had under way at once, at most. */
  readonly peak: (host: string) => number;
};

/** How long a client waits for a host that hangs. */
const timeoutMs = 60_000;

/** What a host that lies calls a digest. */
export const lie = `sha256:${'f'.repeat(64)}`;

const record = ({ method, url, headers, body = '' }: RegistryRequest): RecordedRequest => {
  const bytes = new TextEncoder().encode(body);
  const path = `${url.pathname}${url.search}`;
  return { method, path, url, headers, body, bytes, clientCertificate: undefined };
};

const lying = ({ status, headers, body }: Answer): Answer =>
  headers['docker-content-digest'] === undefined
    ? { status, headers, body }
    : { status, headers: { ...headers, 'docker-content-digest': lie, etag: `"${lie}"` }, body };

type Host = ReturnType<typeof createHost>;

const createHost = (clock: ManualClock, passwords: Readonly<Record<string, string>> | undefined) => {
  const storage = createStorage();
  const guard =
    passwords === undefined ? undefined : createGuard({ kind: 'basic', users: passwords }, clock.now);
  const answerTo = (request: RecordedRequest): Answer => {
    const found = parseRoute(request.url.pathname);
    const refusal = guard?.check(request, found?.repository ?? '');
    if (refusal !== undefined) return refusal;
    if (request.url.pathname === '/v2/') return jsonAnswer(200, {});
    return found === undefined
      ? errorAnswer(404, 'UNSUPPORTED')
      : route(storage, found, request, { maxPageSize: 2 });
  };
  return { storage, answerTo, state: 'up' as HostState, held: [] as string[], underWay: 0, peak: 0 };
};

const isSecondPage = ({ url }: RecordedRequest): boolean =>
  url.pathname.endsWith('/tags/list') && url.searchParams.has('last');

/**
 * Makes the network; `hosts` are its registries, with passwords by user where they want some. An answer takes `latencyMs`; with 0, no
 * time at all.
 */
export const createWire = (
  clock: ManualClock,
  hosts: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>,
  latencyMs = 0,
): Wire => {
  const known = new Map<string, Host>(
    Object.entries(hosts).map(([name, passwords]) => [name, createHost(clock, passwords)]),
  );
  const at = (name: string): Host => {
    const host = known.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  };
  const requests: WireRequest[] = [];
  let released = Promise.withResolvers<void>();

  const hang = async (host: Host, request: RecordedRequest, signal: AbortSignal): Promise<void> => {
    const over = new AbortController();
    const timeOut = async (): Promise<never> => {
      await clock.sleep(timeoutMs, AbortSignal.any([signal, over.signal]));
      throw new RegistryError('timeout', `${request.method} ${request.path}: no answer in time`);
    };
    const timedOut = timeOut();
    timedOut.catch(() => undefined);
    host.held.push(request.path);
    try {
      while (host.state === 'hanging') await Promise.race([released.promise, timedOut]);
    } finally {
      host.held.splice(host.held.indexOf(request.path), 1);
      over.abort(new Error('no longer waited for'));
    }
  };

  const answerOf = (host: Host, request: RecordedRequest): Answer => {
    const { state } = host;
    if (typeof state === 'object') {
      const leftMs = state.limitedUntilMs - clock.monotonic();
      if (leftMs > 0)
        return errorAnswer(429, 'TOOMANYREQUESTS', { 'retry-after': `${Math.ceil(leftMs / 1000)}` });
    }
    if (state === 'torn' && isSecondPage(request)) return answer(500);
    return state === 'lying' ? lying(host.answerTo(request)) : host.answerTo(request);
  };

  const answerSent = async (host: Host, sent: RegistryRequest, signal: AbortSignal) => {
    const request = record(sent);
    const note = (status: number): void =>
      void requests.push({
        atMs: clock.monotonic(),
        host: sent.url.host,
        method: sent.method,
        path: sent.url.pathname,
        status,
      });
    if (latencyMs > 0) await clock.sleep(latencyMs, signal);
    if (host.state === 'hanging') await hang(host, request, signal);
    if (host.state === 'down') {
      note(0);
      throw new RegistryError('unavailable', `${sent.method} ${sent.subject}: connection refused`);
    }
    const answered = answerOf(host, request);
    note(answered.status);
    return answered;
  };

  const send: Sockets['send'] = async (sent, signal): Promise<RegistryResponse> => {
    signal.throwIfAborted();
    const host = at(sent.url.host);
    host.underWay += 1;
    host.peak = Math.max(host.peak, host.underWay);
    try {
      const { status, headers, body } = await answerSent(host, sent, signal);
      return { status, headers, bytes: sent.method === 'HEAD' ? new Uint8Array() : body, url: sent.url };
    } finally {
      host.underWay -= 1;
    }
  };

  return {
    sockets: { send, tlsOf: () => undefined, close: async () => undefined },
    requests,
    state: (name) => at(name).state,
    set: (name, state) => {
      at(name).state = state;
      released.resolve();
      released = Promise.withResolvers();
    },
    push: (name, repository, tag, content) => at(name).storage.add(repository, content, tag),
    removeTag: (name, repository, tag) => void at(name).storage.repository(repository)?.tags.delete(tag),
    peak: (name) => at(name).peak,
    hanging: () => [...known.values()].flatMap(({ held }) => held),
  };
};
