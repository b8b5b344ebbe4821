import {
  type Clock,
  hasCode,
  type HoraeError,
  type Lease,
  type LeaseStore,
  type Random,
  type Telemetry,
} from "@horae/core";
import { LeaseSilence } from "./lease-silence.ts";
import { Loop } from "./loop.ts";

/** Rows that are read at the same time. */
const READS_MAX = 8;

/** An adopter waits for so long before it takes an expired lease, so that the group's choice comes first. */
const EXTRA_LEAST_MS = 100;
const EXTRA_MOST_MS = 500;

export interface LeaseWatchOptions {
  readonly periodMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly leases: LeaseStore;
  readonly telemetry: Telemetry;
  /** Nobody has renewed this lease for a period and a little more. */
  readonly onExpired: (partition: number, row: Lease) => void;
}

/**
 * Reads the leases of some partitions that others own, every sixth of the period, and tells when one of
 * them has expired: the lease notices a dead node sooner than the log's group does.
 */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #loop: Loop;
  readonly #watched = new Map<number, { readonly silence: LeaseSilence; extraMs: number }>();
  #nextAtMs = 0;
  #isReading = false;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
    this.#loop = new Loop({
      clock: options.clock,
      tick: () => this.#tick(),
      onError: (error) => this.#report(error),
    });
  }

  /** These partitions from now on. What is known of those that stay is kept. */
  watch(partitions: readonly number[]): void {
    for (const partition of this.#watched.keys()) {
      if (!partitions.includes(partition)) this.#watched.delete(partition);
    }
    for (const partition of partitions) {
      if (this.#watched.has(partition)) continue;
      this.#watched.set(partition, { silence: new LeaseSilence(), extraMs: this.#drawExtra() });
    }
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  #drawExtra(): number {
    return EXTRA_LEAST_MS + this.#options.random.next() * (EXTRA_MOST_MS - EXTRA_LEAST_MS);
  }

  #tick(): number {
    const waitMs = this.#nextAtMs - this.#options.clock.monotonicMs();
    if (this.#isReading || this.#watched.size === 0) return Infinity;
    if (waitMs > 0) return waitMs;
    this.#nextAtMs = this.#options.clock.monotonicMs() + this.#options.periodMs / 6;
    this.#isReading = true;
    this.#readAll()
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#isReading = false;
        this.#loop.wake();
      });
    return Infinity;
  }

  async #readAll(): Promise<void> {
    const left = [...this.#watched.keys()];
    const read = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await this.#read(next);
    };
    await Promise.all(Array.from({ length: Math.min(READS_MAX, left.length) }, read));
  }

  async #read(partition: number): Promise<void> {
    const { leases, clock, periodMs, onExpired } = this.#options;
    const row = await leases.read(partition).catch((error: unknown) => {
      this.#report(error);
      return null;
    });
    const watched = this.#watched.get(partition);
    if (watched === undefined || row === null) return;
    if (row.owner === null) {
      watched.silence.forget();
      return;
    }
    const silentMs = watched.silence.observe(row, clock.monotonicMs());
    if (silentMs < Math.max(row.periodMs, periodMs) + watched.extraMs) return;
    // Once: an adopter that fails, or loses it again, waits for the whole period anew.
    watched.silence.forget();
    watched.extraMs = this.#drawExtra();
    onExpired(partition, row);
  }

  #report(error: unknown): void {
    const { telemetry } = this.#options;
    if (!hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN")) {
      telemetry.emit({ type: "unexpectedError", where: "lease watch", error });
      return;
    }
    const { code, message } = error as HoraeError;
    telemetry.emit({ type: "portFailed", partition: null, operation: "watchLease", code, message });
  }
}
