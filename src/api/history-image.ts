import type { ImageStream } from './image-stream.ts';
import { imageMatchesId } from './image-stream-names.ts';
import { historyDigests } from './tag-history.ts';

/**
 * Digests of a stream's history that `id` names or, where it names none, of the manifests of lists in that history: one where `id` is
 * clear. `manifestsOf` is asked for the manifests of those of some digests that are lists.
 */
export const matchHistory = async (
  stream: ImageStream,
  id: string,
  manifestsOf: (digests: readonly string[]) => Promise<readonly string[]>,
): Promise<readonly string[]> => {
  const history = historyDigests(stream);
  const matchesId = (digest: string): boolean => imageMatchesId(digest, id);
  const direct = history.filter(matchesId);
  return direct.length > 0 ? direct : [...new Set((await manifestsOf(history)).filter(matchesId))];
};
