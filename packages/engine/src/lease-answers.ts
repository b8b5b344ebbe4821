import type { Clock, Lease, LeaseStore, LeaseSwap } from "@horae/core";

/** A lease store that remembers for how long it has not answered. */
export class LeaseAnswers implements LeaseStore {
  readonly #leases: LeaseStore;
  readonly #clock: Clock;
  /** When the first of the calls began that have failed since the last answer (monotonic). */
  #failingSinceMs: number | null = null;
  /** A call has failed. */
  onFailure: () => void = () => undefined;

  constructor(leases: LeaseStore, clock: Clock) {
    this.#leases = leases;
    this.#clock = clock;
  }

  /** 0 while it answers. */
  get silentMs(): number {
    const sinceMs = this.#failingSinceMs;
    return sinceMs === null ? 0 : this.#clock.monotonicMs() - sinceMs;
  }

  read(partition: number): Promise<Lease | null> {
    return this.#noted(() => this.#leases.read(partition));
  }

  compareAndSet(swap: LeaseSwap): Promise<boolean> {
    return this.#noted(() => this.#leases.compareAndSet(swap));
  }

  nowMs(): Promise<number> {
    return this.#noted(() => this.#leases.nowMs());
  }

  async #noted<T>(call: () => Promise<T>): Promise<T> {
    const calledAtMs = this.#clock.monotonicMs();
    try {
      const answer = await call();
      this.#failingSinceMs = null;
      return answer;
    } catch (error) {
      this.#failingSinceMs ??= calledAtMs;
      this.onFailure();
      throw error;
    }
  }
}
