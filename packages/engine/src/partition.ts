import {
  type HandlerLogger,
  type Lease,
  type LeaseStore,
  sleep,
  type TaskHandlers,
  within,
} from "@horae/core";
import type { Executor } from "./executor.ts";
import { LeaseAcquirer } from "./lease-acquirer.ts";
import type { LeaseHolder } from "./lease-rules.ts";
import { OwnedPartition } from "./owned-partition.ts";
import type { OwnerContextOptions } from "./owner-context.ts";

/** Pause before a partition whose epoch ended with an error is acquired again. */
const FAILED_PAUSE_MS = 1_000;
/**
 * Part of a lease period in which a node that has left the group is asked for what it owns: a renewal for
 * the group to name the next owner, and one that shows that it waits.
 */
const HAND_OVER_PERIODS = 2 / 3;

export interface PartitionOptions extends Omit<OwnerContextOptions, "lease" | "wake"> {
  readonly partition: number;
  readonly holder: LeaseHolder;
  readonly leases: LeaseStore;
  readonly executor: Executor;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
  /**
   * The row of an expired lease that is to be adopted: another node's partition, until the group has
   * named the next owner. Null: the group has given the partition to this node.
   */
  readonly adopts: Lease | null;
}

/**
 * A partition that the log's group has given to this node: waits for its lease, owns it, and waits
 * again when it was lost. `acquiring` -> `owned` -> (`acquiring` ...) -> `stopped`. When the group
 * gives the partition to another node it keeps running until that node asks for it. An adopted one runs
 * what is persisted for one epoch at the most, unless the group gives it to this node meanwhile.
 */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #stopping = new AbortController();
  #owned: OwnedPartition | null = null;
  /** Since when the group gives it to another node (monotonic); null: it is this node's. */
  #unassignedSinceMs: number | null = null;
  /** The group cannot be reached: whose the partition is now, nobody here knows. */
  #isGroupLost = false;
  #isAdopted: boolean;
  #running: Promise<void> | null = null;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.#isAdopted = options.adopts !== null;
    if (this.#isAdopted) this.#unassignedSinceMs = options.clock.monotonicMs();
  }

  get isOwned(): boolean {
    return this.#owned !== null;
  }

  /** Owned, loaded, and under a lease that is in force. */
  get isWorking(): boolean {
    return this.#owned?.isWorking ?? false;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Does the group give the partition to this node? */
  assign(isAssigned: boolean): void {
    this.#isGroupLost = false;
    const nowMs = this.#options.clock.monotonicMs();
    this.#unassignedSinceMs = isAssigned ? null : (this.#unassignedSinceMs ?? nowMs);
    if (isAssigned) {
      this.#isAdopted = false;
      this.#owned?.receive();
    }
    // Waiting for what is not ours any more is of no use; owning it goes on.
    else if (this.#owned === null && !this.#isAdopted) void this.stop();
  }

  /** Everything goes on; who asks for the partition has heard more of the group and gets it. */
  loseGroup(): void {
    this.#isGroupLost = true;
  }

  isRunning(token: string): boolean {
    return this.#owned?.isRunning(token) ?? false;
  }

  /** Drains and releases. Resolves when nothing of the partition runs here any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#owned?.release();
    await this.#running;
  }

  /**
   * As `stop`, for a node that has left the group: goes on until the next owner asks, so that nothing
   * waits for the group to name it. When nobody asks in time there is nobody.
   */
  async handOver(): Promise<void> {
    const { clock, holder } = this.#options;
    this.assign(false);
    if (this.#owned !== null && this.#running !== null) {
      await within(clock, HAND_OVER_PERIODS * holder.periodMs, this.#running);
    }
    await this.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const acquirer = new LeaseAcquirer({
      ...this.#options,
      mayAsk: () => !this.#isGroupLost,
    });
    let row = this.#options.adopts;
    while (!signal.aborted) {
      const lease = row === null ? await acquirer.acquire(signal) : await acquirer.adopt(row);
      if (lease === null && this.#isAdopted) this.#stopping.abort();
      if (lease === null) {
        row = null;
        continue;
      }
      if (row !== null) this.#reportAdoption(lease.epoch);
      row = null;
      const owned = new OwnedPartition({
        ...this.#options,
        lease,
        isHandOverDue: (wantedBy) => this.#isHandOverDue(wantedBy),
        mayReceive: () => !this.#isAdopted,
      });
      this.#owned = owned;
      const running = owned.run();
      if (signal.aborted) await owned.release();
      const end = await running;
      this.#owned = null;
      const isHandedOver = end === "released" && this.#isGroupLost;
      const isGone = this.#unassignedSinceMs !== null || isHandedOver;
      // A log that lost records is not read again by itself: somebody has to decide.
      if (end === "log-gap" || isGone) this.#stopping.abort();
      if (end === "failed") await sleep(this.#options.clock, FAILED_PAUSE_MS, signal);
    }
  }

  /** Somebody waits for it, or nobody came for it in two periods of a settled group. */
  #isHandOverDue(wantedBy: string | null): boolean {
    const sinceMs = this.#unassignedSinceMs;
    // The group has to notice the death first: its session time-out may be long.
    if (this.#isAdopted) return wantedBy !== null;
    if (sinceMs === null) return this.#isGroupLost && wantedBy !== null;
    const { clock, holder } = this.#options;
    return wantedBy !== null || clock.monotonicMs() - sinceMs > 2 * holder.periodMs;
  }

  #reportAdoption(epoch: number): void {
    const { telemetry, partition } = this.#options;
    telemetry.emit({ type: "leaseAdopted", partition, epoch });
  }
}
