import {
  type Clock,
  hasCode,
  HoraeError,
  type Lease,
  type LeaseStore,
  sleep,
  type Telemetry,
} from "@horae/core";
import { HeldLease, type HeldLeaseOptions, LONG_AGO, type Moment, momentOf } from "./held-lease.ts";
import { acquiredLease, CLOCK_AHEAD_MAX_MS, type LeaseHolder, wantedLease } from "./lease-rules.ts";
import { LeaseSilence } from "./lease-silence.ts";

/** How often the row of a partition that we wait for is read. */
const WAIT_MS = 50;

type Taking = Parameters<LeaseStore["compareAndSet"]>[0] & { readonly sentAt: Moment };

export interface LeaseAcquirerOptions {
  readonly partition: number;
  readonly holder: LeaseHolder;
  readonly clock: Clock;
  readonly leases: LeaseStore;
  readonly telemetry: Telemetry;
  /**
   * May this node ask the owner for the partition? Not without the group's word: two nodes that ask in
   * turn would each take the other's request for a sign of life of an owner that is dead.
   */
  readonly mayAsk: () => boolean;
}

/**
 * Waits for a partition and takes its lease: a released one at once, a held one only when the same
 * (epoch, renewal) has been seen unchanged for a full period on this process's monotonic clock.
 * Clocks of two hosts are never compared.
 */
export class LeaseAcquirer {
  readonly #options: LeaseAcquirerOptions;
  readonly #silence = new LeaseSilence();
  /** When the clock was compared with the store's and found good (monotonic). */
  #clockCheckedAtMs = -Infinity;

  constructor(options: LeaseAcquirerOptions) {
    this.#options = options;
  }

  /** Resolves with the lease, or with null when `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<HeldLease | null> {
    while (!signal.aborted) {
      try {
        const held = await this.#tryOnce(signal);
        if (held !== null) return held;
      } catch (error) {
        this.#reportRefusal(error);
        await sleep(this.#options.clock, 20 * WAIT_MS, signal);
      }
      await sleep(this.#options.clock, WAIT_MS, signal);
    }
    return null;
  }

  /**
   * Takes the lease of a row that a watch has found expired; null when somebody was faster, or it cannot
   * be had now.
   */
  async adopt(row: Lease): Promise<HeldLease | null> {
    try {
      return await this.#take(row);
    } catch (error) {
      this.#reportRefusal(error);
      return null;
    }
  }

  async #tryOnce(signal: AbortSignal): Promise<HeldLease | null> {
    const { partition, leases, holder } = this.#options;
    const row = await leases.read(partition);
    if (row !== null && row.owner !== null && !this.#isExpired(row)) {
      // A node that could not take it must not make the owner let go; and once it is free, nothing is
      // left to ask but for the lease.
      await this.#checkClock();
      if (row.wantedBy !== holder.owner && this.#options.mayAsk()) await this.#askFor(row);
      return null;
    }
    return signal.aborted ? null : this.#take(row);
  }

  #isExpired(row: Lease): boolean {
    const { clock, holder } = this.#options;
    const silentMs = this.#silence.observe(row, clock.monotonicMs());
    return silentMs > 0 && silentMs >= Math.max(row.periodMs, holder.periodMs);
  }

  /** Tells the owner that somebody waits: it hands over at its next renewal. */
  async #askFor(row: Lease): Promise<void> {
    const { partition, leases, holder } = this.#options;
    const lease = wantedLease(row, holder.owner);
    const expected = { epoch: row.epoch, renewal: row.renewal };
    const isSet = await leases.compareAndSet({ partition, expected, lease });
    // Our own change of the row is no sign of life of its owner.
    if (isSet) this.#silence.expect(lease.renewal);
  }

  async #take(row: Lease | null): Promise<HeldLease | null> {
    const { partition, leases, holder, clock, telemetry } = this.#options;
    await this.#checkClock();
    const sentAt = momentOf(clock);
    const lease = acquiredLease(row, holder, sentAt.wallMs);
    const expected = row === null ? null : { epoch: row.epoch, renewal: row.renewal };
    // Dying here is safe: the next process waits for this epoch's period, or finds the old row.
    const taken = await this.#swap({ partition, expected, lease, sentAt });
    if (taken === null) return null;
    this.#silence.forget();
    telemetry.emit({ type: "leaseAcquired", partition, epoch: lease.epoch });
    const timestampsAbove = row?.tsUpper ?? 0;
    return new HeldLease({ ...taken, partition, timestampsAbove, clock, leases, telemetry });
  }

  async #swap({
    sentAt,
    ...swap
  }: Taking): Promise<Pick<HeldLeaseOptions, "row" | "sentAt"> | null> {
    const { leases } = this.#options;
    try {
      return (await leases.compareAndSet(swap)) ? { row: swap.lease, sentAt } : null;
    } catch (error) {
      if (!hasCode(error, "STORE_UNKNOWN")) throw error;
      const row = await leases.read(swap.partition);
      // The name is unique per process start, so a row with it and this epoch is ours. It may be an
      // earlier try that landed late: what counts is its grant, and its moment we do not know.
      const isOurs = row?.epoch === swap.lease.epoch && row.owner === swap.lease.owner;
      return isOurs ? { row, sentAt: LONG_AGO } : null;
    }
  }

  /** Once in a lease period: throws `CLOCK_AHEAD` when timestamps of this node would stay on rows for ever. */
  async #checkClock(): Promise<void> {
    const { clock, leases, holder } = this.#options;
    const startedMs = clock.monotonicMs();
    if (startedMs - this.#clockCheckedAtMs < holder.periodMs) return;
    const aheadMs = clock.nowMs() - (await leases.nowMs());
    if (aheadMs > CLOCK_AHEAD_MAX_MS) {
      const message = `the clock of this host is ${aheadMs} ms ahead of the store's`;
      throw new HoraeError("CLOCK_AHEAD", message, { details: { aheadMs }, retryable: true });
    }
    this.#clockCheckedAtMs = startedMs;
  }

  #reportRefusal(error: unknown): void {
    const { telemetry, partition } = this.#options;
    if (!(error instanceof Error)) throw error;
    const code = (error as Partial<HoraeError>).code ?? "INTERNAL";
    telemetry.emit({ type: "leaseRefused", partition, code, message: error.message });
  }
}
