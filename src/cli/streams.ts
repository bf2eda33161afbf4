import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import type { ApiClient } from './client.ts';

/** Whether the server refused for one of these reasons. */
export const isRefusal = (error: unknown, ...reasons: readonly string[]): error is StatusError =>
  error instanceof StatusError && reasons.includes(error.status.reason ?? '');

/** The stream, or undefined where there is none. Rejects with a StatusError for any other refusal. */
export const findStream = async (
  client: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<ImageStream | undefined> => {
  try {
    return await client.get(imageStreams, name, signal);
  } catch (error) {
    if (isRefusal(error, 'NotFound')) return undefined;
    throw error;
  }
};
