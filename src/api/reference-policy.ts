import { formatDockerImageReference, parseDockerImageReference } from './docker-image-reference.ts';
import type { ImageStream, TagEvent } from './image-stream.ts';

/** Pull spec of a digest in the integrated registry's repository, where that can be made. */
const localReference = (repository: string | undefined, image: string): string | undefined => {
  if (repository === undefined || repository === '' || image === '') return undefined;
  const parsed = parseDockerImageReference(repository);
  return 'error' in parsed ? undefined : formatDockerImageReference({ ...parsed, tag: '', id: image });
};

/**
 * The pull spec that consumers of a tag get for one of its events: where it came from, or, with reference policy `Local`, the
 * integrated registry's repository of the stream, where there is one.
 *
 * @see openshift-apiserver `internalimageutil` ResolveReferenceForTagEvent
 */
export const resolveReference = (stream: ImageStream, tag: string, event: TagEvent): string => {
  const policy = stream.spec?.tags?.find(({ name }) => name === tag)?.referencePolicy?.type;
  const local =
    policy === 'Local' ? localReference(stream.status?.dockerImageRepository, event.image) : undefined;
  return local ?? event.dockerImageReference;
};
