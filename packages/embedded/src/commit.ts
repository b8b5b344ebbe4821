import type { Tables } from "./tables.ts";

/** A change that waits for a commit, and who wants to know of it. */
export interface WaitingWrite {
  readonly weight: number;
  readonly apply: (tables: Tables) => void;
  readonly succeed: () => void;
  readonly fail: (error: unknown) => void;
}

/** Writes that become durable together, or not at all. */
export class Commit {
  #hasBegun = false;
  /** Those that have not failed by themselves. */
  #writes: WaitingWrite[] = [];

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Inside the transaction. A write that throws has changed nothing that counts; the others go on. */
  apply(writes: readonly WaitingWrite[], tables: Tables): void {
    this.#hasBegun = true;
    for (const write of writes) {
      try {
        write.apply(tables);
        this.#writes.push(write);
      } catch (error) {
        write.fail(error);
      }
    }
  }

  /** Writes that share the fate of a transaction that never began. */
  add(writes: readonly WaitingWrite[]): void {
    this.#writes.push(...writes);
  }

  succeed(): void {
    for (const write of this.#writes) write.succeed();
  }

  fail(error: unknown): void {
    for (const write of this.#writes) write.fail(error);
  }
}
