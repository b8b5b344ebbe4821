import { type Clock, HoraeError, type Lease, type LeaseStore, type LeaseSwap } from "@horae/core";
import { readFailed, storeWriteFailed } from "./errors.ts";
import { numbersKey } from "./key-bytes.ts";
import type { SharedDirectory } from "./shared-directory.ts";
import type { Tables } from "./tables.ts";

const LEASE_BYTES = 1_024;

/** The leases of a directory's queue. Writes are one after the other, which makes them registers. */
export class EmbeddedLeaseStore implements LeaseStore {
  readonly #shared: SharedDirectory;
  readonly #clock: Clock;
  #isClosed = false;

  constructor(options: { shared: SharedDirectory; clock: Clock }) {
    this.#shared = options.shared;
    this.#clock = options.clock;
  }

  async read(partition: number): Promise<Lease | null> {
    this.#checkOpen();
    try {
      return await this.#shared.environment.read((tables) => leaseOf(tables, partition));
    } catch (error) {
      throw readFailed("STORE_UNAVAILABLE", error);
    }
  }

  async compareAndSet({ partition, expected, lease }: LeaseSwap): Promise<boolean> {
    this.#checkOpen();
    try {
      // Dying before the commit: the row is as before. Dying after it: the owner is gone with us,
      // and the next process gives its lease back.
      return await this.#shared.environment.write({
        writer: "leases",
        rows: 1,
        bytes: LEASE_BYTES,
        apply: (tables) => {
          const row = leaseOf(tables, partition);
          const isExpected =
            expected === null
              ? row === null
              : row?.epoch === expected.epoch && row.renewal === expected.renewal;
          if (isExpected) tables.leases.put(numbersKey(partition), [lease]);
          return isExpected;
        },
      });
    } catch (error) {
      throw storeWriteFailed(error);
    }
  }

  /** Store and node are one process here. */
  async nowMs(): Promise<number> {
    return this.#clock.nowMs();
  }

  close(): void {
    this.#isClosed = true;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HoraeError("STORE_UNAVAILABLE", "the lease store is closed");
  }
}

function leaseOf({ leases }: Tables, partition: number): Lease | null {
  return leases.get(numbersKey(partition))?.[0] ?? null;
}
