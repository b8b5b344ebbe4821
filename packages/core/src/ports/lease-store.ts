import type { Lease } from "../lease.ts";

export interface LeaseSwap {
  readonly partition: number;
  /** The (epoch, renewal) the row must have; null when there must be no row. */
  readonly expected: { readonly epoch: number; readonly renewal: number } | null;
  readonly lease: Lease;
}

/** Linearizable registers, one per partition of the queue. */
export interface LeaseStore {
  /** A linearizable read: it sees, or settles, every earlier swap. Throws `STORE_UNAVAILABLE`. */
  read(partition: number): Promise<Lease | null>;
  /**
   * Writes `lease` if the row is as expected; true when it was. Throws `STORE_UNAVAILABLE`
   * (certain: not applied) or `STORE_UNKNOWN` (go on from what a read shows).
   */
  compareAndSet(swap: LeaseSwap): Promise<boolean>;
  /** The store's own wall clock, epoch milliseconds: bounds what a node with a wrong clock may grant itself. */
  nowMs(): Promise<number>;
}
