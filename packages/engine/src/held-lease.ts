import {
  type Checkpoint,
  type Clock,
  hasCode,
  type Lease,
  type LeaseStore,
  sleep,
  type Telemetry,
} from "@horae/core";
import { Condition } from "./condition.ts";
import { releasedLease, renewedLease, TRIES_PER_PERIOD_MAX } from "./lease-rules.ts";
import { WriteTimestamps } from "./write-timestamps.ts";

/** Two readings of time, because a suspended machine stops one of the clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Of a lease that is ours from we do not know when: it is valid from its first renewal on. */
export const LONG_AGO: Moment = { monotonicMs: -Infinity, wallMs: -Infinity };

export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
}

export interface HeldLeaseOptions {
  readonly partition: number;
  readonly row: Lease;
  /** `tsUpper` of the row before the acquire. */
  readonly timestampsAbove: number;
  readonly sentAt: Moment;
  readonly clock: Clock;
  readonly leases: LeaseStore;
  readonly telemetry: Telemetry;
}

/**
 * A lease that this process has acquired. It is *valid* while less than the period, less a margin,
 * has passed since the last successful renewal was sent; when it is not, nothing is claimed or
 * started until a renewal succeeds. It is *lost* once another epoch was seen.
 */
export class HeldLease {
  readonly partition: number;
  readonly epoch: number;
  readonly timestamps: WriteTimestamps;
  /** Notified when a renewal has made the lease valid, or a read of the row has granted timestamps. */
  readonly granted = new Condition();
  readonly #clock: Clock;
  readonly #leases: LeaseStore;
  readonly #telemetry: Telemetry;
  #row: Lease;
  #validFrom: Moment;
  #isLost = false;
  #renewals = 0;

  constructor(options: HeldLeaseOptions) {
    this.partition = options.partition;
    this.epoch = options.row.epoch;
    this.#clock = options.clock;
    this.#leases = options.leases;
    this.#telemetry = options.telemetry;
    this.#row = options.row;
    this.#validFrom = options.sentAt;
    this.timestamps = new WriteTimestamps(
      options.clock,
      options.timestampsAbove,
      options.row.tsUpper,
    );
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Acknowledged renewals so far. */
  get renewals(): number {
    return this.#renewals;
  }

  /** The node that waits for this partition, as of the last renewal. */
  get wantedBy(): string | null {
    return this.#row.wantedBy;
  }

  /** The last acknowledged checkpoint. */
  get checkpoint(): Checkpoint {
    return this.#row.checkpoint;
  }

  /** Nothing may be claimed, started or written (but outcomes) while this is false. */
  isValid(): boolean {
    return !this.#isLost && this.validForMs > 0;
  }

  /** Milliseconds for which it stays valid without a renewal; 0 or less: it is not. */
  get validForMs(): number {
    const { periodMs } = this.#row;
    return periodMs - periodMs / 6 - this.#elapsedMs();
  }

  /** Milliseconds until the next renewal is due; 0 or less: it is. */
  get renewalDueInMs(): number {
    return this.#row.periodMs / 3 - this.#elapsedMs();
  }

  /** The larger of the two clocks' progress since the last successful renewal was sent. */
  #elapsedMs(): number {
    const { monotonicMs, wallMs } = this.#validFrom;
    return Math.max(this.#clock.monotonicMs() - monotonicMs, this.#clock.nowMs() - wallMs);
  }

  /**
   * Writes the checkpoint and extends lease and timestamps; true when that is acknowledged.
   * Throws what the lease store throws when not even a read is possible.
   */
  async renew(checkpoint: Checkpoint): Promise<boolean> {
    const sentAt = momentOf(this.#clock);
    const next = renewedLease(this.#row, {
      checkpoint,
      usedUpTo: this.timestamps.last,
      nowMs: sentAt.wallMs,
    });
    // Dying here is safe: the row either has the new checkpoint, whole, or the old one.
    if ((await this.#swap(next)) !== "done") {
      await this.#readAgain();
      return false;
    }
    this.#validFrom = sentAt;
    this.#renewals++;
    this.timestamps.extend(next.tsUpper);
    this.granted.notifyAll();
    const elapsedMs = this.#clock.monotonicMs() - sentAt.monotonicMs;
    this.#telemetry.emit({
      type: "leaseRenewed",
      partition: this.partition,
      epoch: this.epoch,
      elapsedMs,
    });
    return true;
  }

  /**
   * Gives the lease up, so that the next owner need not wait; true when it is given up: that is
   * acknowledged, or seen after an answer was lost. Tries while the lease is valid; after that whoever
   * waits for it has waited its period. Throws what the lease store throws then.
   */
  async release(checkpoint: Checkpoint): Promise<boolean> {
    const usedUpTo = this.timestamps.close();
    let mayHaveLanded = false;
    for (;;) {
      try {
        const outcome = await this.#swap(releasedLease(this.#row, { checkpoint, usedUpTo }));
        if (outcome === "done") {
          this.#isLost = true;
          return true;
        }
        mayHaveLanded ||= outcome === "unknown";
        // A waiting node may have written its name: again from there.
        await this.#readAgain();
        // By now the next owner may have it.
        if (this.#isLost) return mayHaveLanded;
        if (!this.isValid()) return false;
      } catch (error) {
        if (!hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN") || !this.isValid()) throw error;
        await sleep(this.#clock, this.#row.periodMs / TRIES_PER_PERIOD_MAX);
      }
    }
  }

  async #swap(next: Lease): Promise<"done" | "refused" | "unknown"> {
    const { epoch, renewal } = this.#row;
    try {
      const swap = { partition: this.partition, expected: { epoch, renewal }, lease: next };
      if (!(await this.#leases.compareAndSet(swap))) return "refused";
      this.#row = next;
      return "done";
    } catch (error) {
      if (!hasCode(error, "STORE_UNKNOWN")) throw error;
      // Unknown is not a success: whoever asked goes on from what a read shows, and uses only that.
      return "unknown";
    }
  }

  async #readAgain(): Promise<void> {
    const row = await this.#leases.read(this.partition);
    if (row === null || row.epoch !== this.epoch || row.owner !== this.#row.owner) {
      this.#isLost = true;
      return;
    }
    this.#row = row;
    this.timestamps.extend(row.tsUpper);
    this.granted.notifyAll();
  }
}
