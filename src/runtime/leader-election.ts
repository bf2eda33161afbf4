import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStoreError, StoreError } from '../store/errors.ts';

/** What a lease says. */
export type Lease = {
  /** Empty: nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  /** How often it changed hands. */
  readonly transitions: number;
};

/** A lease as it is kept, with the version that a write of it needs. */
export type StoredLease = Lease & { readonly version: string };

/** Where the lease is kept. All reject with a StoreError (`conflict` when another was faster), or with `signal.reason`. */
export type LeaseKeeper = {
  readonly read: (signal: AbortSignal) => Promise<StoredLease | undefined>;
  readonly create: (lease: Lease, signal: AbortSignal) => Promise<StoredLease>;
  readonly update: (lease: StoredLease, signal: AbortSignal) => Promise<StoredLease>;
};

export type LeaderElectionOptions = {
  readonly keeper: LeaseKeeper;
  /** Names this candidate; no other has that name, ever. */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange?: ((isLeader: boolean) => void) | undefined;
};

/** After so long without a renewal others may take the lease. */
export const leaseMs = 10_000;
/** After so long without a renewal we give up: sooner than others may begin, by more than a write can take. */
export const renewMs = 7_000;
/** Between two renewals. */
const retryMs = 2_000;
/** Between two looks of a candidate: a lease that is given up is taken within two seconds. */
const pollMs = 1_000;
/** How long giving the lease up may take at the end. */
const releaseMs = 2_000;

/** The lease is not ours any more: work under it has to stop. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * One of several programs works, the others wait: the model of client-go's `leaderelection`.
 *
 * Time is only compared with earlier times of the same clock, so that clocks that disagree do no harm. A program that was paused finds out
 * at its next write, by {@link assertLeading}; what it had sent before carries a resourceVersion or a name that follows from what
 * happened, so that it is refused where another has gone on meanwhile.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  /** When the last renewal that went well was begun, by the monotonic clock; undefined: not leading. */
  #renewedAt: number | undefined;
  #seen: { readonly lease: StoredLease; readonly at: number } | undefined;
  #failedAt: number | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /** Whether this program holds the lease, as far as it can know. */
  get isLeading(): boolean {
    return this.#renewedAt !== undefined && this.#options.clock.monotonic() - this.#renewedAt < renewMs;
  }

  /** Who held the lease when it was last seen; undefined: nobody, or it was not seen yet. */
  get leader(): string | undefined {
    return this.#seen?.lease.holder || undefined;
  }

  /** Counts the leaders that the lease had; read it when a term begins. What is guarded elsewhere refuses who comes with an older one. */
  get term(): number {
    return this.#seen?.lease.transitions ?? 0;
  }

  /** Since when the lease cannot be read or written, in milliseconds of the monotonic clock; undefined: it can. */
  get failingSince(): number | undefined {
    return this.#failedAt;
  }

  /**
   * To be called right before a write is sent.
   *
   * @throws {StoreError} with code `unavailable` when the lease may be somebody else's by now.
   */
  assertLeading(): void {
    if (!this.isLeading)
      throw new StoreError('unavailable', 'not the leader any more: another replica goes on with this');
  }

  /** Waits for the lease, works under it, and waits again when it is lost, until `signal` is aborted; then gives it up and ends. */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, logger, onChange, identity } = this.#options;
    while (!signal.aborted) {
      if (!(await this.#try(signal))) {
        await clock.sleep(pollMs, signal).catch(() => undefined);
        continue;
      }
      logger.info({ identity }, 'leading');
      onChange?.(true);
      await this.#term(lead, signal);
      onChange?.(false);
    }
  }

  /** One time of being the leader. */
  async #term(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    const over = new AbortController();
    const work = lead(AbortSignal.any([signal, over.signal])).finally(() => over.abort());
    // Its failure is told below, once the renewals have ended.
    const settled = work.catch(() => undefined);
    const isLost = await this.#keep(AbortSignal.any([signal, over.signal]));
    if (isLost) {
      logger.warn(
        { identity: this.#options.identity },
        'the lease is lost: stopping work until it is ours again',
      );
      over.abort(new LeaseLost('the lease is lost'));
    }
    await settled;
    if (!isLost) await this.#release();
    this.#renewedAt = undefined;
    await work;
  }

  /** Renews until that fails for too long (true) or `signal` is aborted (false). */
  async #keep(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(retryMs, signal).catch(() => undefined);
      if (signal.aborted) return false;
      const isOurs = await this.#try(signal);
      if (!isOurs && (!this.isLeading || this.#isTaken())) return true;
    }
    return false;
  }

  /** Whether somebody else was seen to hold the lease. */
  #isTaken(): boolean {
    const holder = this.#seen?.lease.holder ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  /** Takes or renews the lease; false where it is somebody else's or nobody can be asked. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, logger } = this.#options;
    const begunAt = clock.monotonic();
    try {
      const isOurs = await this.#takeOrRenew(signal);
      this.#failedAt = undefined;
      if (isOurs) this.#renewedAt = begunAt;
      return isOurs;
    } catch (error) {
      if (signal.aborted) return false;
      // Another was faster: no failure of ours.
      if (isStoreError(error, 'conflict') || isStoreError(error, 'already-exists')) return false;
      this.#failedAt ??= begunAt;
      logger.warn({ err: error }, 'cannot read or write the lease: trying again');
      return false;
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { keeper, identity, clock } = this.#options;
    const found = await keeper.read(signal);
    const own = { holder: identity, durationMs: leaseMs };
    if (found === undefined) {
      this.#see(await keeper.create({ ...own, transitions: 0 }, signal));
      return true;
    }
    if (found.version !== this.#seen?.lease.version) this.#see(found);
    const seenAt = this.#seen?.at ?? clock.monotonic();
    const isExpired = clock.monotonic() - seenAt >= found.durationMs;
    if (found.holder !== identity && found.holder !== '' && !isExpired) return false;
    const transitions = found.transitions + (found.holder === identity ? 0 : 1);
    this.#see(await keeper.update({ ...found, ...own, transitions }, signal));
    return true;
  }

  #see(lease: StoredLease): void {
    this.#seen = { lease, at: this.#options.clock.monotonic() };
  }

  /** Lets the next one begin at once. */
  async #release(): Promise<void> {
    const { keeper, identity, logger } = this.#options;
    const lease = this.#seen?.lease;
    if (lease?.holder !== identity) return;
    try {
      await keeper.update({ ...lease, holder: '' }, AbortSignal.timeout(releaseMs));
    } catch (error) {
      // It runs out by itself.
      logger.warn({ err: error }, 'cannot give the lease up');
    }
  }
}
