import type { ChangeEvent } from '../api/change-event.ts';
import type { ImageStream, TagEvent } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { findTag } from '../api/tag-history.ts';
import { formatKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { StreamIdentity } from './ports.ts';

const entryKey = (uid: string, tag: string, revision: number): string => `${uid} ${tag} ${revision}`;

/** What waits for one sink, by the key of the stream; nothing of a stream that has been told. */
export class SinkWaiting {
  /** Streams that are deleted and may have tags whose end was not told. */
  readonly #gone = new Map<string, Map<string, StreamIdentity>>();
  /** Imports that failed or recovered: only the last word on each tag. */
  readonly #health = new Map<string, Map<string, ChangeEvent>>();
  /** The last entries of tags that are gone: their events can say what they pointed at. */
  readonly #entries = new Map<string, TagEvent>();
  /** When the oldest untold event happened, or was noticed. */
  readonly #since = new Map<string, number>();

  addGone(key: ObjectKey, stream: StreamIdentity): void {
    const id = formatKey(key);
    this.#gone.set(id, (this.#gone.get(id) ?? new Map<string, StreamIdentity>()).set(stream.uid, stream));
  }

  gone(key: ObjectKey): readonly StreamIdentity[] {
    return [...(this.#gone.get(formatKey(key))?.values() ?? [])];
  }

  removeGone(key: ObjectKey, uid: string): void {
    const held = this.#gone.get(formatKey(key));
    held?.delete(uid);
    if (held?.size === 0) this.#gone.delete(formatKey(key));
    this.forgetEntries(uid);
  }

  addHealth(key: ObjectKey, events: readonly ChangeEvent[]): void {
    if (events.length === 0) return;
    const held = this.#health.get(formatKey(key)) ?? new Map<string, ChangeEvent>();
    for (const event of events) held.set(event.tag, event);
    this.#health.set(formatKey(key), held);
  }

  health(key: ObjectKey): readonly ChangeEvent[] {
    return [...(this.#health.get(formatKey(key))?.values() ?? [])];
  }

  /** Unless there is a newer word on that tag. */
  removeHealth(key: ObjectKey, event: ChangeEvent): void {
    const held = this.#health.get(formatKey(key));
    if (held?.get(event.tag) === event) held.delete(event.tag);
    if (held?.size === 0) this.#health.delete(formatKey(key));
  }

  rememberEntries(old: Stored<ImageStream>, current: Stored<ImageStream> | undefined): void {
    for (const { tag, items } of old.status?.tags ?? []) {
      const last = items?.[0];
      if (last?.revision !== undefined && findTag(current?.status, tag)?.items?.[0] === undefined)
        this.#entries.set(entryKey(old.metadata.uid, tag, last.revision), last);
    }
  }

  entry(uid: string, tag: string, revision: number): TagEvent | undefined {
    return this.#entries.get(entryKey(uid, tag, revision));
  }

  forgetEntries(uid: string): void {
    for (const id of this.#entries.keys()) if (id.startsWith(`${uid} `)) this.#entries.delete(id);
  }

  /** Something may have to be told: since now, unless it is known since when. */
  noticed(key: ObjectKey, nowMs: number): void {
    if (!this.#since.has(formatKey(key))) this.#since.set(formatKey(key), nowMs);
  }

  /** The oldest event that has to be told happened then. */
  waitsSince(key: ObjectKey, atMs: number): void {
    this.#since.set(formatKey(key), atMs);
  }

  told(key: ObjectKey): void {
    this.#since.delete(formatKey(key));
  }

  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const atMs of this.#since.values()) oldest = Math.min(atMs, oldest ?? atMs);
    return oldest;
  }
}
