import type { ImageStream, TagReference } from '../api/image-stream.ts';
import { parseImageStreamTagName } from '../api/image-stream-names.ts';
import { trackedTag } from '../api/tag-tracking.ts';

/** Where a tag leads that may follow another tag of its stream. */
export type FollowedTag =
  | {
      readonly kind: 'found';
      /** The tag at the end of the way; the one asked for, unless it follows another. */
      readonly tag: string;
      readonly reference: TagReference;
      readonly follows: boolean;
    }
  | { readonly kind: 'missing' | 'invalid' | 'other-stream' | 'circular' };

/**
 * Follows a spec tag through the tags of the same stream to the one that has a source.
 *
 * @see openshift/oc `pkg/helpers/image` FollowTagReference
 */
export const followTag = (stream: ImageStream, tag: string): FollowedTag => {
  const seen = new Set<string>();
  for (let current = tag; ; ) {
    if (seen.has(current)) return { kind: 'circular' };
    seen.add(current);
    const reference = stream.spec?.tags?.find(({ name }) => name === current);
    if (reference === undefined) return { kind: 'missing' };
    const { kind, name = '' } = reference.from ?? {};
    if (kind !== 'ImageStreamTag')
      return { kind: 'found', tag: current, reference, follows: current !== tag };
    if (name.includes(':') && parseImageStreamTagName(name) === undefined) return { kind: 'invalid' };
    const next = trackedTag(stream, reference);
    if (next === undefined) return { kind: 'other-stream' };
    current = next;
  }
};
