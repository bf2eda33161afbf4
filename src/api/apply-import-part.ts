import { importSuccess, type TagEventCondition } from './condition.ts';
import {
  formatDockerImageReference,
  mostSpecific,
  parseDockerImageReference,
} from './docker-image-reference.ts';
import type { Image } from './image.ts';
import type { ImageStream, TagEventCause, TagReference } from './image-stream.ts';
import { isHeld } from './pending.ts';
import type { Status } from './status.ts';
import { addEventWhileHeld, addTagEvent, findTag, latestTagEvent, setTagConditions } from './tag-history.ts';

/** What came of one image of a request. The importer's outcomes fit. */
export type ImportedImage =
  | { readonly ok: true; readonly image: Image; readonly tag: string; readonly sourceDigest: string }
  | { readonly ok: false; readonly status: Status; readonly tag: string };

/** One tag that a request imports. */
export type ImportPart = {
  readonly tag: string;
  readonly from: string;
  readonly policies: Pick<TagReference, 'importPolicy' | 'referencePolicy'>;
  readonly outcome: ImportedImage;
  /** Named by the request: then even a failure leaves a spec tag behind, so that it can be tried again. */
  readonly isNamed: boolean;
};

/** When, and on whose behalf. */
type PartContext = { readonly now: string; readonly cause?: TagEventCause | undefined };

export const specTagOf = (stream: ImageStream, name: string): TagReference | undefined =>
  stream.spec?.tags?.find((tag) => tag.name === name);

const putSpecTag = (stream: ImageStream, tag: TagReference): ImageStream => ({
  ...stream,
  spec: {
    ...stream.spec,
    tags: [...(stream.spec?.tags ?? []).filter(({ name }) => name !== tag.name), tag],
  },
});

/** The spec tag as the request wants it; an existing reference policy, annotations and `reference` stay. */
const requestedTag = (
  { tag, from, policies }: ImportPart,
  existing: TagReference | undefined,
): TagReference => {
  const { importPolicy = {}, referencePolicy = {} } = policies;
  return {
    ...existing,
    name: tag,
    from: { kind: 'DockerImage', name: from },
    generation: 0,
    importPolicy,
    referencePolicy: existing?.referencePolicy?.type ? existing.referencePolicy : referencePolicy,
  };
};

/** Digest references keep the spelling of their source. */
const pullSpecOf = ({ dockerImageReference = '', metadata }: Image): string => {
  const parsed = parseDockerImageReference(dockerImageReference);
  return 'error' in parsed
    ? dockerImageReference
    : formatDockerImageReference(mostSpecific({ ...parsed, id: metadata.name }));
};

const isBehind = (stream: ImageStream, tag: string): boolean => {
  const generation = specTagOf(stream, tag)?.generation;
  const latest = latestTagEvent(stream.status, tag);
  return typeof generation !== 'number' || latest === undefined || generation > latest.generation;
};

type Succeeded = Extract<ImportedImage, { readonly ok: true }>;

const applySuccess = (
  stream: ImageStream,
  part: ImportPart,
  { image, sourceDigest }: Succeeded,
  { now, cause }: PartContext,
): ImageStream => {
  const latest = latestTagEvent(stream.status, part.tag);
  const dockerImageReference = pullSpecOf(image);
  const isSame =
    latest?.image === image.metadata.name && latest.dockerImageReference === dockerImageReference;
  const isUnchanged = isSame && !isBehind(stream, part.tag);
  const existing = specTagOf(stream, part.tag);
  const stays = isHeld(stream, part.tag) && (existing === undefined || existing.from?.name === part.from);
  const { importPolicy = {} } = part.policies;
  const next =
    isUnchanged && existing !== undefined
      ? putSpecTag(stream, { ...existing, importPolicy })
      : putSpecTag(stream, requestedTag(part, existing));
  const add = stays ? addEventWhileHeld : addTagEvent;
  const status = add(stream.status ?? {}, part.tag, {
    created: now,
    dockerImageReference,
    image: image.metadata.name,
    generation: isUnchanged ? latest.generation : (stream.metadata.generation ?? 0) + 1,
    sourceDigest,
    cause: cause ?? { type: 'Request' },
  });
  return { ...next, status: setTagConditions(status, part.tag, []) };
};

const isSameFailure = (a: TagEventCondition, b: TagEventCondition): boolean =>
  a.type === b.type && a.status === b.status && a.reason === b.reason && a.message === b.message;

const applyFailure = (stream: ImageStream, part: ImportPart, failure: Status, now: string): ImageStream => {
  const existing = specTagOf(stream, part.tag);
  const condition: TagEventCondition = {
    type: importSuccess,
    status: 'False',
    lastTransitionTime: now,
    reason: failure.reason ?? 'InternalError',
    message: failure.message || 'unknown error prevented import',
    generation: (stream.metadata.generation ?? 0) + 1,
  };
  const status = stream.status ?? {};
  const same = findTag(status, part.tag)?.conditions?.find((one) => isSameFailure(one, condition));
  const named =
    existing === undefined && part.isNamed ? putSpecTag(stream, requestedTag(part, undefined)) : stream;
  if (same !== undefined) {
    // The original leaves the generation behind, and the tag looks as if it had not been tried again.
    const generation = Math.max(same.generation, existing?.generation ?? 0);
    return generation === same.generation
      ? named
      : { ...named, status: setTagConditions(status, part.tag, [{ ...same, generation }]) };
  }
  const retried = existing === undefined ? named : putSpecTag(stream, { ...existing, generation: 0 });
  return { ...retried, status: setTagConditions(status, part.tag, [condition]) };
};

/** The stream with what came of one tag: its spec tag, its history, its condition. */
export const applyPart = (stream: ImageStream, part: ImportPart, context: PartContext): ImageStream =>
  part.outcome.ok
    ? applySuccess(stream, part, part.outcome, context)
    : applyFailure(stream, part, part.outcome.status, context.now);
