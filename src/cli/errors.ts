/**
 * Why a command ended without success: `failed`: something that was asked for did not happen; `usage`: the command line or the
 * kubeconfig is wrong; `unreachable`: the API server did not answer.
 */
export type CliErrorCode = 'failed' | 'usage' | 'unreachable';

/** The exit code of each reason; 0 is success. */
export const exitCodes: Readonly<Record<CliErrorCode, number>> = { failed: 1, usage: 2, unreachable: 3 };

/** A user's mistake or a refusal: printed as one line after `error:`, never with a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` that Node puts on its system errors, such as `ENOENT`. */
export const systemCodeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
