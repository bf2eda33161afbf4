import { StatusError } from '../api/status.ts';

/** One sentence for a failure that the server answered, as kubectl words it; undefined for any other error. */
export const serverSentence = (error: unknown): string | undefined => {
  if (!(error instanceof StatusError)) return undefined;
  const { message = 'it gave no reason', reason = '', code } = error.status;
  if (reason === 'Unauthorized' || code === 401)
    return 'error: the server does not accept the credentials of the kubeconfig (Unauthorized)';
  return reason === '' ? `Error from server: ${message}` : `Error from server (${reason}): ${message}`;
};
