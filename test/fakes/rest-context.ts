import type { RestContext } from '../../src/apiserver/rest-storage.ts';

/** A request of an ordinary user that nobody cancels; `warnings` collects what it was warned of. */
export const aRestContext = (
  parts: Partial<RestContext> = {},
): RestContext & { readonly warnings: readonly string[] } => {
  const warnings: string[] = [];
  return {
    user: { name: 'alice', groups: [] },
    dryRun: false,
    signal: new AbortController().signal,
    warn: (message) => {
      warnings.push(message);
    },
    ...parts,
    warnings,
  };
};
