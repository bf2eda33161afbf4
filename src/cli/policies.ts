import type { ImportMode } from '../api/image-stream.ts';
import { CliError } from './errors.ts';

/**
 * Reads the value of `--import-mode`; default `Legacy`.
 *
 * @throws {CliError} `usage`, in the words of `oc`.
 */
export const importModeOf = (text: string | undefined): ImportMode => {
  if (text === undefined || text === '' || text === 'Legacy') return 'Legacy';
  if (text === 'PreserveOriginal') return text;
  throw new CliError('usage', 'valid ImportMode values are Legacy or PreserveOriginal');
};

/**
 * Reads the value of `--reference-policy`; default `source`.
 *
 * @throws {CliError} `usage`.
 */
export const referencePolicyOf = (text: string | undefined): 'Source' | 'Local' => {
  if (text === undefined || text === 'source') return 'Source';
  if (text === 'local') return 'Local';
  throw new CliError('usage', `--reference-policy "${text}" is neither source nor local`);
};
