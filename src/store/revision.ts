import { isStoreError, StoreError } from './errors.ts';
import type { ObjectKey } from './store.ts';

/**
 * Reads a resourceVersion.
 *
 * @throws {StoreError} with code `invalid` when it is not a decimal number.
 */
export const parseRevision = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new StoreError('invalid', `resource version "${text}" is not a number`);
  return Number(text);
};

/** The part of the log that revisions are checked against. */
export type KeptRevisions = { readonly last: number; readonly compacted: number };

/** @throws {StoreError} with code `expired` when the revision has been compacted, `future-revision` when there is no such yet. */
export const requireKept = (revision: number, { last, compacted }: KeptRevisions): void => {
  if (revision < compacted)
    throw new StoreError('expired', `revision ${revision} is no longer kept (oldest: ${compacted})`);
  if (revision > last)
    throw new StoreError('future-revision', `revision ${revision} does not exist yet (newest: ${last})`);
};

/** Where the next page of a list starts: after `after`, in the snapshot of `revision`; `remaining` objects are there, where that is known. */
export type PageStart = {
  readonly revision: number;
  readonly after: ObjectKey;
  readonly remaining?: number | undefined;
};

/** Opaque to callers; after the continue token of k8s.io/apiserver/pkg/storage. */
export const formatContinueToken = ({ revision, after, remaining }: PageStart): string => {
  const counted = remaining === undefined ? [] : [remaining];
  return Buffer.from(JSON.stringify([revision, after.namespace, after.name, ...counted])).toString(
    'base64url',
  );
};

/** @throws {StoreError} with code `invalid` for anything that {@link formatContinueToken} did not make. */
export const parseContinueToken = (token: string): PageStart => {
  const [revision, namespace, name, remaining] = parseArray(Buffer.from(token, 'base64url').toString());
  const isOdd = remaining !== undefined && !Number.isSafeInteger(remaining);
  if (isOdd || !Number.isSafeInteger(revision) || typeof namespace !== 'string' || typeof name !== 'string')
    throw new StoreError('invalid', 'the continue token is not valid');
  return {
    revision: Number(revision),
    after: { namespace, name },
    remaining: remaining === undefined ? undefined : Number(remaining),
  };
};

/** Like {@link requireKept} for a page; the error says how to go on in the newest state. */
export const requireKeptPage = (start: PageStart, kept: KeptRevisions): void => {
  try {
    requireKept(start.revision, kept);
  } catch (error) {
    if (!isStoreError(error, 'expired')) throw error;
    const continueToken = formatContinueToken({ revision: kept.last, after: start.after });
    throw new StoreError('expired', error.message, { cause: error, continueToken });
  }
};

const parseArray = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    // Not JSON, so not ours: the caller says so.
    return [];
  }
};
