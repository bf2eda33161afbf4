import type { NamedTagEventList, TagEvent } from '../api/image-stream.ts';
import { imageMatchesId } from '../api/image-stream-names.ts';
import { revisionAt } from '../api/rollback.ts';
import { CliError } from './errors.ts';

/** The entry of a history to go back to. */
export type RollbackTarget = { readonly revision: number; readonly image: string };

const failed = (message: string): CliError => new CliError('failed', message);

/** The place of an entry, where a further rollback begins to look: after a rollback, that of the entry it went back to. */
const currentPlace = (items: readonly TagEvent[]): number => {
  const current = items[0];
  if (current?.cause?.type !== 'Rollback') return 0;
  return Math.max(
    0,
    items.findIndex(({ image }, index) => index > 0 && image === current.image),
  );
};

const previousPlace = (tag: string, items: readonly TagEvent[]): number => {
  const start = currentPlace(items);
  const place = items.findIndex(
    ({ image }, index) => index > start && image !== '' && image !== items[0]?.image,
  );
  if (place === -1) throw failed(`the history of the tag "${tag}" has no older image`);
  return place;
};

const placeOfRevision = (tag: string, items: readonly TagEvent[], revision: number): number => {
  const place = items.findIndex((_, index) => revisionAt(items, index) === revision);
  if (place !== -1) return place;
  const known = items.map((_, index) => revisionAt(items, index)).join(', ');
  throw failed(`the history of the tag "${tag}" has no revision ${revision}; it has ${known}`);
};

const placeOfImage = (tag: string, items: readonly TagEvent[], id: string): number => {
  const images = new Set(items.map(({ image }) => image).filter((image) => imageMatchesId(image, id)));
  if (images.size > 1)
    throw failed(`several images of the tag "${tag}" begin with ${id}: ${[...images].join(', ')}`);
  const [image] = images;
  if (image === undefined) throw failed(`the history of the tag "${tag}" has no image ${id}`);
  return items.findIndex((item) => item.image === image);
};

const placeOf = (tag: string, items: readonly TagEvent[], to: string | undefined): number => {
  if (to === undefined) return previousPlace(tag, items);
  return /^\d+$/.test(to) ? placeOfRevision(tag, items, Number(to)) : placeOfImage(tag, items, to);
};

/**
 * Where a rollback leads: to the revision or digest (or the start of one) that is asked for, else to the image before the current one.
 * After a rollback it is the image before the one that was gone back to, never the one that was left.
 *
 * @throws {CliError} `failed` where the history has no such image, or where the tag is there already.
 */
export const rollbackTarget = (
  { tag, items }: Pick<NamedTagEventList, 'tag' | 'items'>,
  to: string | undefined,
): RollbackTarget => {
  const entries = items ?? [];
  if (entries.length === 0) throw failed(`the tag "${tag}" has no image yet`);
  const place = placeOf(tag, entries, to);
  const image = entries[place]?.image ?? '';
  if (image === '')
    throw failed(
      `revision ${revisionAt(entries, place)} of the tag "${tag}" is only a reference, not an image`,
    );
  if (image === entries[0]?.image) throw failed(`the tag "${tag}" is at ${image} already`);
  return { revision: revisionAt(entries, place), image };
};
