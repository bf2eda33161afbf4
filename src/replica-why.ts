import { failure } from './api/status.ts';
import type { ProbeRoute } from './observability/health.ts';
import { answerWhy, type Why, whyPath } from './why.ts';

export type ReplicaWhyPorts = {
  /** Explains, where this replica leads. */
  readonly why: () => Why | undefined;
  /** The identity of the one that leads; undefined: nobody does now. */
  readonly leader: () => string | undefined;
};

/** Set on what one replica passes on to another, so that two that take each other for the leader do not pass it on for ever. */
const forwardedHeader = 'x-imagestreams-forwarded';
const forwardTimeoutMs = 10_000;

/** The identity of a replica: unique, and with the address where the others reach it. */
export const identityOf = (name: string, id: string, address: string): string => `${name}_${id}@${address}`;

/** HOST:PORT in an identity of {@link identityOf}; undefined where it names none. */
export const addressOf = (identity: string): string | undefined => /@([^@/]+:\d+)$/.exec(identity)?.[1];

const refuse = (message: string) => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    ...failure('ServiceUnavailable', message),
  };
  return { status: 503, contentType: 'application/json', body: `${JSON.stringify(status)}\n` };
};

const ask = async (address: string, leader: string, query: URLSearchParams, signal: AbortSignal) => {
  try {
    const response = await fetch(`http://${address}${whyPath}?${query.toString()}`, {
      headers: { [forwardedHeader]: '1' },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(forwardTimeoutMs)]),
    });
    const contentType = response.headers.get('content-type') ?? 'text/plain';
    return { status: response.status, contentType, body: await response.text() };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return refuse(`${leader} leads and knows, but cannot be reached from here: ${why}`);
  }
};

/**
 * `why` of any replica: the one that leads knows the last attempts, the others pass the question on to it. Callers come through the API
 * server's proxy, which lets through who may `get services/proxy` in the controller's namespace and does not tell who that is.
 */
export const createReplicaWhyRoute = ({ why, leader }: ReplicaWhyPorts): ProbeRoute => ({
  path: whyPath,
  handle: async ({ query, headers }, signal) => {
    const own = why();
    if (own !== undefined) return answerWhy(own, query, signal);
    const holder = leader();
    const address = holder === undefined ? undefined : addressOf(holder);
    if (holder === undefined || address === undefined)
      return refuse('no replica leads now; try again in some seconds');
    if (headers[forwardedHeader] !== undefined) return refuse(`${holder} leads; ask again`);
    return ask(address, holder, query, signal);
  },
});
