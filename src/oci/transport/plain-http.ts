import type { Clock } from '../../lib/clock.ts';
import { RegistryError } from '../errors.ts';
import type { Layer, RegistryRequest, RegistryResponse, Send } from './send.ts';

/** How long a host is known to speak http: afterwards it may have learned TLS. */
const rememberMs = 600_000;

/** What servers that speak TLS answer to plain http: nginx, Apache and those in Go. */
const wantsTls = ({ status }: RegistryResponse): boolean => status === 400;

const overHttp = (request: RegistryRequest): RegistryRequest => {
  const url = new URL(request.url);
  url.protocol = 'http:';
  return { ...request, url };
};

/**
 * Falls back to http for requests that may be insecure, when https failed because the server speaks no TLS. A certificate that
 * does not verify never leads here: whoever can present a wrong one could then read credentials in passing.
 */
export const withPlainHttp = (clock: Pick<Clock, 'monotonic'>): Layer => {
  const speaksHttpUntilMs = new Map<string, number>();

  /** The answer over http of a host that is known to speak it; `undefined` where that may no longer be so. */
  const askKnown = async (
    next: Send,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryResponse | undefined> => {
    const { host } = request.url;
    if ((speaksHttpUntilMs.get(host) ?? 0) <= clock.monotonic()) return undefined;
    try {
      const response = await next(overHttp(request), signal);
      if (!wantsTls(response)) return response;
      speaksHttpUntilMs.delete(host);
      return undefined;
    } catch (error) {
      if (error instanceof RegistryError) speaksHttpUntilMs.delete(host);
      throw error;
    }
  };

  return (next) => async (request, signal) => {
    if (!request.access.insecure || request.url.protocol === 'http:') return next(request, signal);
    const { host } = request.url;
    const known = await askKnown(next, request, signal);
    if (known !== undefined) return known;
    try {
      return await next(request, signal);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'http-not-https') throw error;
      const response = await next(overHttp(request), signal);
      speaksHttpUntilMs.set(host, clock.monotonic() + rememberMs);
      return response;
    }
  };
};
