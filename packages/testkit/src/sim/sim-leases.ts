import type { Lease, LeaseStore, LeaseSwap } from "@horae/core";
import type { Caller, SimHost } from "./exchange.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import type { SimProcess } from "./sim-process.ts";
import { type StoreTraffic, unavailable, unknownOutcome } from "./store-traffic.ts";

/** The lease rows: one linearizable register per partition. */
export class LeaseRegisters {
  readonly #rows = new Map<number, Lease>();
  /** Hears of each change, before anybody else does. */
  onChange: (partition: number, before: Lease | null, after: Lease) => void = () => undefined;
  /** Called after a change that gives the partition to a new owner. */
  onTakeOver: () => void = () => undefined;

  get(partition: number): Lease | null {
    return this.#rows.get(partition) ?? null;
  }

  swap({ partition, expected, lease }: LeaseSwap): boolean {
    const row = this.get(partition);
    const isExpected =
      expected === null
        ? row === null
        : row !== null && row.epoch === expected.epoch && row.renewal === expected.renewal;
    if (!isExpected) return false;
    this.#rows.set(partition, lease);
    this.onChange(partition, row, lease);
    if (lease.owner !== null && lease.epoch !== row?.epoch) this.onTakeOver();
    return true;
  }
}

export interface SimLeasesOptions {
  readonly traffic: StoreTraffic;
  readonly registers: LeaseRegisters;
  readonly host: SimHost;
  readonly process: SimProcess;
}

/**
 * The leases as one process sees them. A swap may be executed and its answer lost, never be executed,
 * or be executed later: a request that the network has delayed meets the row as it is then.
 */
export class SimLeases implements LeaseStore {
  readonly #options: SimLeasesOptions;

  constructor(options: SimLeasesOptions) {
    this.#options = options;
  }

  read(partition: number): Promise<Lease | null> {
    const { traffic, registers } = this.#options;
    return this.#answered("readLease", () =>
      traffic.read(this.#from("readLease"), () => registers.get(partition)),
    );
  }

  compareAndSet(swap: LeaseSwap): Promise<boolean> {
    const { traffic, registers } = this.#options;
    const from = this.#from("swapLease");
    return traffic.exchange<boolean>(from, (reply) => {
      const harm = traffic.drawHarm(from);
      if (harm === "unavailable") reply.reject(unavailable("swapLease"));
      else if (harm === null) reply.resolve(registers.swap(swap));
      else if (harm === "requestLost") reply.reject(unknownOutcome("swapLease"));
      else if (harm === "late") {
        const delayMs = traffic.draw() * traffic.harm.lateMaxMs;
        traffic.world.after(delayMs, () => registers.swap(swap));
        reply.drop();
      } else {
        registers.swap(swap);
        reply.drop();
      }
    });
  }

  nowMs(): Promise<number> {
    const { world } = this.#options.traffic;
    return this.#answered("storeClock", () =>
      this.#options.traffic.read(this.#from("storeClock"), () =>
        Math.floor(EPOCH_MS + world.nowMs),
      ),
    );
  }

  #from(operation: string): Caller {
    const { host, process } = this.#options;
    return { host, process, operation };
  }

  /** A read without answer has changed nothing. */
  async #answered<T>(operation: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch {
      throw unavailable(operation);
    }
  }
}
