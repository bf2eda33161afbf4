import type { ImageStream } from '../../api/image-stream.ts';
import type { Stored } from '../../api/meta.ts';
import { resolveReference } from '../../api/reference-policy.ts';
import { findTag } from '../../api/tag-history.ts';
import type { ResolvedTag } from './plan.ts';

/** What a tag of a stream means to a trigger now; undefined where it never had an image. A pending or failed newer import does not count. */
export const resolveTag = (stream: Stored<ImageStream>, tag: string): ResolvedTag | undefined => {
  const [latest, ...older] = findTag(stream.status, tag)?.items ?? [];
  if (latest === undefined) return undefined;
  return {
    stream: stream.metadata.uid,
    tag,
    // Entries that came from an OpenShift export have no revision: their number is their place.
    revision: latest.revision ?? older.length + 1,
    image: resolveReference(stream, tag, latest),
    sinceMs: latest.created === null ? 0 : Date.parse(latest.created),
    isOlder: (image) =>
      older.some(
        (entry) =>
          entry.image !== latest.image &&
          (resolveReference(stream, tag, entry) === image ||
            (entry.image !== '' && image.endsWith(`@${entry.image}`))),
      ),
  };
};
