import {
  type CredentialTrial,
  RegistryError,
  type RegistryErrorCode,
  type RegistryErrorDetails,
} from '../errors.ts';
import type { Access, Repository } from '../types.ts';

/** What a request is for. A closed set: it labels metrics. */
export type Operation = 'resolve' | 'manifest' | 'config' | 'tags' | 'token' | 'ping' | 'probe';

/** A request on behalf of a repository. */
export type RegistryRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly operation: Operation;
  readonly repository: Repository;
  /** What is asked for, as errors name it: a reference, never a query. */
  readonly subject: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly access: Access;
  /** Where the credential that it is sent with is from, for reports. */
  readonly credential?: string | undefined;
  /** Largest body of a good answer, before and after decompression. */
  readonly maxBytes: number;
};

/** An answer, read to its end. The body of an error is cut off after 64 KiB. */
export type RegistryResponse = {
  readonly status: number;
  /** Names in lower case; repeated headers are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Who answered, after redirects and a fall back to http. */
  readonly url: URL;
  /** The credentials that were tried for it; none, where the registry did not ask. */
  readonly credentials?: readonly CredentialTrial[] | undefined;
};

/** Rejects with a RegistryError when no answer came, and with `signal.reason` when told to stop. */
export type Send = (request: RegistryRequest, signal: AbortSignal) => Promise<RegistryResponse>;

/** Adds one concern to a Send. */
export type Layer = (next: Send) => Send;

/** Wraps `innermost` in `layers`; the first layer is the outermost. */
export const stack = (layers: readonly Layer[], innermost: Send): Send =>
  layers.reduceRight((next, layer) => layer(next), innermost);

/** A RegistryError whose message names the request: `GET quay.io/team/app:v1: manifest unknown`. */
export const requestError = (
  { method, subject, url, operation, repository }: RegistryRequest,
  code: RegistryErrorCode,
  problem: string,
  details: RegistryErrorDetails = {},
): RegistryError =>
  new RegistryError(code, `${method} ${subject}: ${problem}`, {
    host: url.host,
    operation,
    repository,
    ...details,
  });
