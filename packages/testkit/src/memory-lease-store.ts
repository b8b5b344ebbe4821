import type { Clock, Lease, LeaseStore, LeaseSwap } from "@horae/core";
import { type Intercept, intercepted } from "./intercept.ts";

/** Leases in memory. Several nodes of one process may share it. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #leases = new Map<number, Lease>();
  readonly #clock: Clock;
  intercept: Intercept | undefined;

  constructor(options: { clock: Clock; intercept?: Intercept }) {
    this.#clock = options.clock;
    this.intercept = options.intercept;
  }

  read(partition: number): Promise<Lease | null> {
    return intercepted(
      this.intercept,
      { operation: "read", args: [partition] },
      () => this.#leases.get(partition) ?? null,
    );
  }

  compareAndSet(swap: LeaseSwap): Promise<boolean> {
    return intercepted(this.intercept, { operation: "compareAndSet", args: [swap] }, () => {
      const row = this.#leases.get(swap.partition);
      const { expected } = swap;
      const isExpected =
        expected === null
          ? row === undefined
          : row?.epoch === expected.epoch && row.renewal === expected.renewal;
      if (isExpected) this.#leases.set(swap.partition, structuredClone(swap.lease));
      return isExpected;
    });
  }

  nowMs(): Promise<number> {
    return Promise.resolve(this.#clock.nowMs());
  }
}
