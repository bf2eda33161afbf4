import { type Clock, systemClock } from '../lib/clock.ts';
import { createConfigReader } from './config-reader.ts';
import { defaultListingLimits, type ListingLimits } from './listing-budget.ts';
import { createManifestReader } from './manifest-reader.ts';
import { createProbe } from './probe.ts';
import { noRegistries, type Registries } from './registries/registries.ts';
import { withRegistries } from './registries/with-registries.ts';
import { createTagLister } from './tag-lister.ts';
import type { Lookup } from './transport/address.ts';
import { withAuth } from './transport/auth.ts';
import type { Certificates } from './transport/certificates.ts';
import { withValidators } from './transport/conditional.ts';
import { createGates } from './transport/limit.ts';
import { observe, type RequestEvent } from './transport/observe.ts';
import { withPlainHttp } from './transport/plain-http.ts';
import { createProxyChooser, type ProxySettings } from './transport/proxy.ts';
import { followRedirects } from './transport/redirect.ts';
import { defaultRetryPolicy, type RetryPolicy, withRetry } from './transport/retry.ts';
import { type Layer, stack } from './transport/send.ts';
import { createUndiciSend, type Sockets, type Timeouts } from './transport/undici.ts';
import type { RegistryClient } from './types.ts';

/** How a client behaves; every member has a default. */
export type RegistryClientOptions = {
  readonly clock?: Clock | undefined;
  /** Told of every request once it is over: for metrics. */
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  /** `User-Agent` of every request. Default `imagestreams`. */
  readonly userAgent?: string | undefined;
  /** Whether this machine's own addresses may be registries. Default true: standalone, they are the user's. */
  readonly allowLoopback?: boolean | undefined;
  /** How names become addresses; what they become is checked. Default the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Hosts (`host` or `host:port`) of token servers that any registry may name. Default none. */
  readonly trustedRealms?: readonly string[] | undefined;
  /** Mirrors, locations and which registries may be used. Default none: references are fetched from where their names say. */
  readonly registries?: Registries | undefined;
  /** Authorities and client certificates per registry. Default none but the authorities that Node knows. */
  readonly certificates?: Certificates | undefined;
  /** HTTP proxies. Default none, whatever the environment says. */
  readonly proxy?: ProxySettings | undefined;
  /** Requests in flight per registry host. Default 10. */
  readonly concurrency?: number | undefined;
  /** Requests per second to one registry host. Default as many as it answers. */
  readonly maxPerSecond?: number | undefined;
  /** How long a request waits for a paused registry before it fails as `rate-limited`. Default 10 s. */
  readonly maxPauseWaitMs?: number | undefined;
  /** Which failures are tried again, and when. Default {@link defaultRetryPolicy}. */
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  readonly listingLimits?: Partial<ListingLimits> | undefined;
  /** What carries requests, in place of connections of its own: for tests without a network. */
  readonly sockets?: Sockets | undefined;
};

/** Answers that are kept to be asked for again only if they changed: thousands of manifests. */
const keptBytes = 8 * 2 ** 20;

const withUserAgent =
  (userAgent: string): Layer =>
  (next) =>
  (request, signal) =>
    next({ ...request, headers: { ...request.headers, 'user-agent': userAgent } }, signal);

/** A client for all registries of a program: connections, tokens and each registry's gate are shared by whoever uses it. */
export const createRegistryClient = (options: RegistryClientOptions = {}): RegistryClient => {
  const { clock = systemClock, onRequest = () => undefined, allowLoopback = true } = options;
  const { trustedRealms = [] } = options;
  const { concurrency = 10, maxPauseWaitMs = 10_000, timeouts, certificates, proxy } = options;
  const { maxPerSecond = Number.POSITIVE_INFINITY } = options;
  const chooseProxy = proxy === undefined ? undefined : createProxyChooser(proxy);
  const addresses = { allowLoopback, lookup: options.lookup };
  const gates = createGates({ concurrency, maxPerSecond, maxPauseWaitMs, clock });
  const sockets =
    options.sockets ?? createUndiciSend({ addresses, timeouts, certificates, chooseProxy, clock });
  const bare = stack(
    [
      followRedirects(),
      gates.layer,
      withPlainHttp(clock),
      observe(onRequest, clock),
      withUserAgent(options.userAgent ?? 'imagestreams'),
    ],
    sockets.send,
  );
  const send = stack(
    [
      withValidators(keptBytes),
      withRetry(options.retryPolicy ?? defaultRetryPolicy(), clock),
      withAuth({ clock, trustedRealms }),
    ],
    bare,
  );
  const readers = {
    ...createManifestReader(send, clock),
    getConfig: createConfigReader(send, clock.now),
    listTags: createTagLister(send, clock, { ...defaultListingLimits, ...options.listingLimits }),
  };
  return {
    ...withRegistries(readers, options.registries ?? noRegistries, clock),
    probe: createProbe({ send, bare, now: clock.now, trustedRealms, tlsOf: sockets.tlsOf }),
    gates: gates.states,
    close: sockets.close,
  };
};
