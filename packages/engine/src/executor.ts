import type { RunningHandler } from "./run-handler.ts";

/** What an executor asks of a partition that has offered work. */
export interface OfferingPartition {
  /**
   * Claims its next task; false when it has none that may be claimed now. `mayClaimAhead`: also one
   * that is not due yet. `maySuspect`: also a task whose last attempt ended with its process.
   */
  claimNext(allowed: { mayClaimAhead: boolean; maySuspect: boolean }): "none" | "task" | "suspect";
}

/** How many handlers may run on outside of all slots before the process cannot be trusted any more. */
export interface RunawayLimit {
  readonly most: number;
  readonly onReached: () => void;
}

/**
 * The slots of a process: how many attempts are claimed or running at the same time, shared fairly
 * by its partitions. A slot is reserved before the claim is written, so that a crash costs at most
 * `concurrency` counts; tasks claimed ahead of their time use at most half of the slots, so that
 * one that is due now finds a free one.
 */
export class Executor {
  readonly concurrency: number;
  readonly #runaways: RunawayLimit;
  #runawayCount = 0;
  /** Partitions with work, each once, in turn. */
  readonly #offering = new Set<OfferingPartition>();
  /** Partitions whose next task is a suspect. */
  readonly #suspecting = new Set<OfferingPartition>();
  #used = 0;
  #isSuspectRunning = false;
  #isDispatching = false;

  constructor(concurrency: number, runaways: RunawayLimit) {
    this.concurrency = concurrency;
    this.#runaways = runaways;
  }

  get usedSlots(): number {
    return this.#used;
  }

  /** A handler did not end within its grace: its slot is free, and it goes on all the same. */
  addRunaway(running: Pick<RunningHandler, "onLateEnd">): void {
    this.#runawayCount++;
    // It may end after all.
    running.onLateEnd = () => this.#runawayCount--;
    const { most, onReached } = this.#runaways;
    if (this.#runawayCount === most) onReached();
  }

  /** The partition has work that may be claimed. */
  offer(partition: OfferingPartition): void {
    this.#offering.add(partition);
    this.#dispatch();
  }

  /** The partition's next task is a suspect: it is asked again when no suspect runs. */
  offerSuspect(partition: OfferingPartition): void {
    this.#suspecting.add(partition);
    if (!this.#isSuspectRunning) this.offer(partition);
  }

  withdraw(partition: OfferingPartition): void {
    this.#offering.delete(partition);
    this.#suspecting.delete(partition);
  }

  /** The attempt for which a slot was reserved is over, or was not started. */
  release(slot: { wasSuspect: boolean }): void {
    this.#used--;
    if (slot.wasSuspect) {
      this.#isSuspectRunning = false;
      for (const partition of this.#suspecting) this.#offering.add(partition);
    }
    this.#dispatch();
  }

  #dispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      while (this.#used < this.concurrency) {
        const partition = this.#offering.values().next().value;
        if (partition === undefined) return;
        this.#offering.delete(partition);
        const mayClaimAhead = this.#used < this.concurrency / 2;
        const maySuspect = !this.#isSuspectRunning;
        if (maySuspect) this.#suspecting.delete(partition);
        const claimed = partition.claimNext({ mayClaimAhead, maySuspect });
        if (claimed === "none") continue;
        this.#used++;
        if (claimed === "suspect") this.#isSuspectRunning = true;
        // Last in line again: partitions take turns.
        this.#offering.add(partition);
      }
    } finally {
      this.#isDispatching = false;
    }
  }
}
