import type { Clock } from '../../lib/clock.ts';
import { RegistryError, type RegistryErrorCode } from '../errors.ts';
import type { Layer, Operation, RegistryRequest } from './send.ts';

/** One request on the wire: each try, redirect and token counts. */
export type RequestEvent = {
  /** On whose behalf: `docker.io` also where the answer came from `auth.docker.io`. */
  readonly registry: string;
  /** Who was asked. */
  readonly host: string;
  /** Where the credential that it was sent with is from. */
  readonly credential: string | undefined;
  readonly method: RegistryRequest['method'];
  readonly operation: Operation;
  readonly outcome:
    | { readonly kind: 'answered'; readonly status: number }
    | { readonly kind: 'failed'; readonly code: RegistryErrorCode }
    | { readonly kind: 'aborted' };
  /** Milliseconds from sending to the end of the body; waiting at the gate is not in it. */
  readonly durationMs: number;
};

/** Reports every request once it is over. */
export const observe =
  (onRequest: (event: RequestEvent) => void, clock: Pick<Clock, 'monotonic'>): Layer =>
  (next) =>
  async (request, signal) => {
    const startedMs = clock.monotonic();
    const report = (outcome: RequestEvent['outcome']): void => {
      const event: RequestEvent = {
        registry: request.repository.registry,
        host: request.url.host,
        credential: request.credential,
        method: request.method,
        operation: request.operation,
        outcome,
        durationMs: clock.monotonic() - startedMs,
      };
      onRequest(event);
      request.access.onRequest?.(event);
    };
    try {
      const response = await next(request, signal);
      report({ kind: 'answered', status: response.status });
      return response;
    } catch (error) {
      report(error instanceof RegistryError ? { kind: 'failed', code: error.code } : { kind: 'aborted' });
      throw error;
    }
  };
