import { hash } from 'node:crypto';
import type { Digest } from './types.ts';

/** Hash functions that a digest may use; every other algorithm is refused. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/**
 * Whether `text` is a digest in canonical form: a known algorithm and exactly as many lower-case hex digits as it has.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
 */
export const isDigest = (text: string): text is Digest => digestPattern.test(text);

/** The digest that `text` spells, or `undefined` where it spells none. */
export const parseDigest = (text: string): Digest | undefined => (isDigest(text) ? text : undefined);

/** The hash function that a digest was made with. */
export const digestAlgorithm = (digest: Digest): DigestAlgorithm =>
  digest.startsWith('sha512:') ? 'sha512' : 'sha256';

/** The digest of `bytes`; sha256 is what registries use unless told otherwise. */
export const digestBytes = (bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest =>
  `${algorithm}:${hash(algorithm, bytes, 'hex')}` as Digest;
