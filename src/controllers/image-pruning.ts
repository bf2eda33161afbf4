import { unreferencedSinceAnnotation } from '../api/annotations.ts';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';

/** What is kept of an Image to decide about it: whole ones are large, and there are many. */
export type KnownImage = {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdMs: number;
  /** Since when nothing refers to it, as its mark says; NaN for a mark that is no time, undefined without one. */
  readonly markedMs: number | undefined;
  /** Digests of the images that a list names. */
  readonly children: readonly string[];
};

const noChildren: readonly string[] = [];

export const toKnownImage = ({ metadata, dockerImageManifests }: Stored<Image>): KnownImage => {
  const mark = metadata.annotations?.[unreferencedSinceAnnotation];
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdMs: Date.parse(metadata.creationTimestamp),
    markedMs: mark === undefined ? undefined : Date.parse(mark),
    children: dockerImageManifests?.length ? dockerImageManifests.map(({ digest }) => digest) : noChildren,
  };
};

/** The digests that a stream names: all of its histories, and what its spec picks by digest. */
export const digestsOf = ({ spec, status }: ImageStream): readonly string[] => [
  ...(status?.tags ?? []).flatMap(({ items }) => (items ?? []).map(({ image }) => image)),
  ...(spec?.tags ?? []).flatMap(({ from }) => {
    const [, digest] = from?.kind === 'ImageStreamImage' ? (from.name ?? '').split('@') : [];
    return digest === undefined ? [] : [digest];
  }),
];

/** What is to be done about an image. */
export type PruningStep = { readonly type: 'mark' | 'unmark' | 'delete'; readonly image: KnownImage };

const isReferred = (image: KnownImage, direct: ReadonlySet<string>, viaLists: ReadonlySet<string>): boolean =>
  direct.has(image.name) || viaLists.has(image.name);

/**
 * Compares the images with what streams refer to. An image is marked when nothing refers to it, unless it is so young that an import may be
 * about to; it is deleted when it has been marked for the grace period. A mark from the future (a clock that was set back) counts from now.
 */
export const planPruning = (
  streams: readonly ImageStream[],
  images: readonly KnownImage[],
  { nowMs, graceMs }: { readonly nowMs: number; readonly graceMs: number },
): readonly PruningStep[] => {
  const direct = new Set(streams.flatMap(digestsOf));
  const viaLists = new Set(images.filter(({ name }) => direct.has(name)).flatMap(({ children }) => children));
  return images.flatMap((image): readonly PruningStep[] => {
    const { markedMs, createdMs } = image;
    if (isReferred(image, direct, viaLists)) return markedMs === undefined ? [] : [{ type: 'unmark', image }];
    if (markedMs === undefined) return nowMs - createdMs < graceMs ? [] : [{ type: 'mark', image }];
    if (!(markedMs <= nowMs)) return [{ type: 'mark', image }];
    return nowMs - markedMs < graceMs ? [] : [{ type: 'delete', image }];
  });
};
