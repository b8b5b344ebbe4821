import { type HandlerLogger, type LeaseStore, sleep, type TaskHandlers } from "@horae/core";
import type { Executor } from "./executor.ts";
import { LeaseAcquirer } from "./lease-acquirer.ts";
import type { LeaseHolder } from "./lease-rules.ts";
import { OwnedPartition } from "./owned-partition.ts";
import type { OwnerContextOptions } from "./owner-context.ts";

/** Pause before a partition whose epoch ended with an error is acquired again. */
const FAILED_PAUSE_MS = 1_000;

export interface PartitionOptions extends Omit<OwnerContextOptions, "lease" | "wake"> {
  readonly partition: number;
  readonly holder: LeaseHolder;
  readonly leases: LeaseStore;
  readonly executor: Executor;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
}

/**
 * A partition that the log's group has given to this node: waits for its lease, owns it, and waits
 * again when it was lost. `acquiring` -> `owned` -> (`acquiring` ...) -> `stopped`. When the group
 * gives the partition to another node it keeps running until that node asks for it.
 */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #stopping = new AbortController();
  #owned: OwnedPartition | null = null;
  /** Since when the group gives it to another node (monotonic); null: it is this node's. */
  #unassignedSinceMs: number | null = null;
  /** The group cannot be reached: whose the partition is now, nobody here knows. */
  #isGroupLost = false;
  #running: Promise<void> | null = null;

  constructor(options: PartitionOptions) {
    this.#options = options;
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
    // Waiting for what is not ours any more is of no use; owning it goes on.
    if (!isAssigned && this.#owned === null) void this.stop();
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

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const acquirer = new LeaseAcquirer({
      ...this.#options,
      mayAsk: () => !this.#isGroupLost,
    });
    while (!signal.aborted) {
      const lease = await acquirer.acquire(signal);
      if (lease === null) break;
      const owned = new OwnedPartition({
        ...this.#options,
        lease,
        isHandOverDue: (wantedBy) => this.#isHandOverDue(wantedBy),
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
    if (sinceMs === null) return this.#isGroupLost && wantedBy !== null;
    const { clock, holder } = this.#options;
    return wantedBy !== null || clock.monotonicMs() - sinceMs > 2 * holder.periodMs;
  }
}
