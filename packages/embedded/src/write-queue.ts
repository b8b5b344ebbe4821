import type { WaitingWrite } from "./commit.ts";

/**
 * Who writes. Leases come first, whatever waits: a renewal that is late suspends its owner. Appends
 * and the rows of the engine share what is left of a commit, so that ten thousand appends in flight
 * delay no claim, and a drain delays no append.
 */
export type Writer = "leases" | "store" | "log";

/** Weight of all that waits. */
const WAITING_WEIGHT_MAX = 256 * 2 ** 20;

/** Writes that wait for a commit, first come first served among those of one writer. */
export class WriteQueue {
  readonly #waiting: Record<Writer, Line> = {
    leases: new Line(),
    store: new Line(),
    log: new Line(),
  };

  get isEmpty(): boolean {
    return this.#weight === 0;
  }

  /** False when there is no room for a write of this weight. */
  hasRoomFor(weight: number): boolean {
    return this.isEmpty || this.#weight + weight <= WAITING_WEIGHT_MAX;
  }

  add(writer: Writer, write: WaitingWrite): void {
    this.#waiting[writer].add(write);
  }

  /** The writes of the next commit: of about this weight at the most, and at least one. */
  take(weightMax: number): WaitingWrite[] {
    const { leases, store, log } = this.#waiting;
    const taken = leases.take(weightMax);
    const left = Math.max(0, weightMax - weightOf(taken));
    const ofStore = store.take(log.isEmpty ? left : left / 2);
    taken.push(...ofStore);
    taken.push(...log.take(Math.max(0, left - weightOf(ofStore))));
    return taken;
  }

  get #weight(): number {
    const { leases, store, log } = this.#waiting;
    return leases.weight + store.weight + log.weight;
  }
}

/** What one writer waits with. */
class Line {
  #writes: WaitingWrite[] = [];
  #weight = 0;

  get weight(): number {
    return this.#weight;
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  add(write: WaitingWrite): void {
    this.#writes.push(write);
    this.#weight += write.weight;
  }

  /** The first ones, at least one if there is any: nobody starves. */
  take(weightMax: number): WaitingWrite[] {
    let weight = 0;
    let end = this.#writes.findIndex((write, index) => {
      weight += write.weight;
      return index > 0 && weight > weightMax;
    });
    if (end < 0) end = this.#writes.length;
    const taken = this.#writes.slice(0, end);
    this.#writes = this.#writes.slice(end);
    this.#weight -= weightOf(taken);
    return taken;
  }
}

function weightOf(writes: readonly WaitingWrite[]): number {
  return writes.reduce((sum, { weight }) => sum + weight, 0);
}
