import {
  type Clock,
  Ending,
  HoraeError,
  type Log,
  type Random,
  type StopSignal,
  type TaskStore,
  type Telemetry,
} from "@horae/core";
import type { HeldLease } from "./held-lease.ts";
import type { EngineSettings } from "./settings.ts";
import { untilKnown } from "./until-known.ts";

export interface OwnerContextOptions {
  readonly lease: HeldLease;
  readonly bucketMs: number;
  readonly partitions: number;
  readonly settings: EngineSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly store: TaskStore;
  /** Asks the partition's loop for a tick. */
  readonly wake: () => void;
}

/** How often an outcome is tried after the lease is gone. */
const OUTLIVING_TRIES = 3;

/**
 * What the parts of an owned partition share for one epoch: the ports, and the one way to write.
 * Ends when the lease is lost or released; what waits then rejects with `LEASE_LOST`.
 */
export class OwnerContext {
  readonly partition: number;
  readonly epoch: number;
  readonly bucketMs: number;
  readonly partitions: number;
  readonly lease: HeldLease;
  readonly settings: EngineSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly store: TaskStore;
  readonly wake: () => void;
  readonly #ending = new Ending();

  constructor(options: OwnerContextOptions) {
    this.lease = options.lease;
    this.partition = options.lease.partition;
    this.epoch = options.lease.epoch;
    this.bucketMs = options.bucketMs;
    this.partitions = options.partitions;
    this.settings = options.settings;
    this.clock = options.clock;
    this.random = options.random;
    this.telemetry = options.telemetry;
    this.log = options.log;
    this.store = options.store;
    this.wake = options.wake;
  }

  /** Aborts when this epoch is over for this process. */
  get signal(): StopSignal {
    return this.#ending;
  }

  get isOver(): boolean {
    return this.#ending.aborted;
  }

  end(): void {
    this.#ending.end();
  }

  /** Reads until there is an answer, or the signal (default: the end of the epoch) says that it is over. */
  read<T>(operation: string, call: () => Promise<T>, signal = this.signal): Promise<T> {
    return untilKnown({ ...this.#repetition(operation), signal }, call);
  }

  /**
   * Writes with the next timestamp of the range, and repeats that write until its result is known.
   * Waits while the lease is not valid: a suspended owner writes nothing but outcomes.
   */
  async write(operation: string, call: (timestamp: number) => Promise<void>): Promise<number> {
    const timestamp = await this.#timestamp(operation);
    await this.read(operation, async () => {
      await this.#untilValid(operation);
      await call(timestamp);
    });
    return timestamp;
  }

  /**
   * Writes the outcome of a handler that was started in time. It may be written after the deadline
   * and after the epoch: its timestamp says whose it is, so it counts only where the next owner has
   * recorded nothing.
   */
  async writeOutcome(call: (timestamp: number) => Promise<void>): Promise<void> {
    const timestamp = this.lease.timestamps.next() ?? (await this.#timestamp("recordStatuses"));
    const retries = new Ending();
    let triesLeft = OUTLIVING_TRIES;
    const repetition = { ...this.#repetition("recordStatuses"), signal: retries };
    await untilKnown(repetition, async () => {
      if (this.isOver && triesLeft-- <= 1) retries.end();
      await call(timestamp);
    });
  }

  #repetition(operation: string): {
    partition: number;
    operation: string;
    clock: Clock;
    random: Random;
    telemetry: Telemetry;
  } {
    const { partition, clock, random, telemetry } = this;
    return { partition, operation, clock, random, telemetry };
  }

  async #timestamp(operation: string): Promise<number> {
    for (;;) {
      const timestamp = this.lease.timestamps.next();
      if (timestamp !== null) return timestamp;
      await this.#grant(operation);
    }
  }

  async #untilValid(operation: string): Promise<void> {
    while (!this.lease.isValid()) await this.#grant(operation);
  }

  async #grant(operation: string): Promise<void> {
    await this.lease.granted.wait(this.signal);
    if (!this.isOver) return;
    throw new HoraeError(
      "LEASE_LOST",
      `${operation}: partition ${this.partition} is not owned any more`,
    );
  }
}
