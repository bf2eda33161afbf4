import type { StatusReason } from '../../src/api/status.ts';
import type { RegistryClientOptions, RegistryErrorCode, RegistryFault } from '../../src/oci/index.ts';
import type { Fault as Break, RecordedRequest } from '../fakes/registry/index.ts';
import type { World } from './world.ts';

/** What a caller asks for. */
export type Question = 'resolve' | 'manifest' | 'config' | 'tags';

/** What a caller gets for a fault. */
export type Failure = {
  readonly code: RegistryErrorCode;
  /** Default none came. */
  readonly status?: number;
  /** The message behind the name of what was asked for. `PORT` stands for the port of the registry. */
  readonly says: string;
  /** What the diagnosis has to find. */
  readonly fault: RegistryFault;
  /** Reason of the tag's condition. */
  readonly reason: StatusReason;
};

/** One fault of the suite, and what has to come of it. */
export type Row = {
  readonly name: string;
  readonly ask: Question;
  /** Asked of a client that has met nobody yet; by default it holds a token of the registry. */
  readonly isCold?: boolean;
  /** What is wrong with a request, while the fault lasts. */
  readonly breaks: (request: RecordedRequest, world: World) => Break | undefined;
  readonly options?: RegistryClientOptions;
  /** `undefined`: the caller does not notice. */
  readonly gets: Failure | undefined;
  /** All that leaves while the fault lasts; `3 × GET manifest bearer`. */
  readonly sends: readonly string[];
  /** Milliseconds (of the clock, not of I/O) until the caller knows. Default 0. */
  readonly afterMs?: number;
  /** Milliseconds after the end of the fault until the caller who asks again when told to has its answer. Default 0. */
  readonly recoversAfterMs?: number;
  /** What is sent once the fault is over. Default one request with what is at hand. */
  readonly recovery?: readonly string[];
};

/** A request for something at the registry itself. */
export const isFor = (request: RecordedRequest, what: 'manifests' | 'blobs' | 'tags'): boolean =>
  request.url.hostname === 'registry.test' && request.url.pathname.includes(`/${what}/`);

/** Breaks all that is asked of `what` in one way. */
export const always =
  (what: 'manifests' | 'blobs' | 'tags', fault: Break): Row['breaks'] =>
  (request) =>
    isFor(request, what) ? fault : undefined;

/** Breaks the token server. */
export const tokens =
  (fault: Break): Row['breaks'] =>
  ({ url }) =>
    url.hostname === 'auth.registry.test' ? fault : undefined;
