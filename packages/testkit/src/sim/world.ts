import { SeededRandom, type Timer } from "@horae/core";
import { EventHeap, SimEvent } from "./event-heap.ts";

/** Callbacks that one turn of Node's event loop gets; microtasks run between any two of them. */
const IMMEDIATES = 64;
/** So many events at one moment: something goes round and round, and time stands still. */
const EVENTS_AT_ONCE_MAX = 100_000;

export interface WorldOptions {
  readonly seed: number;
  /** Is told what happens, with the lane (a node, the log, the store) that it happens to. */
  readonly onNote?: (note: { atMs: number; lane: string; text: string }) => void;
}

/**
 * Virtual time: everything that happens in a simulation is an event of this heap. One seed gives one
 * history; `traceHash` is the fingerprint of all that has happened.
 */
export class World {
  readonly isTraced: boolean;
  readonly #heap = new EventHeap();
  readonly #ties: SeededRandom;
  readonly #seed: number;
  readonly #onNote: WorldOptions["onNote"];
  #streams = 0;
  #nowMs = 0;
  #eventsAtOnce = 0;
  #sequence = 0;
  #hash = 0x811c9dc5;
  #hash2 = 0x1b873593;
  #events = 0;

  constructor(options: WorldOptions) {
    this.#seed = options.seed;
    this.#ties = new SeededRandom(options.seed);
    this.#onNote = options.onNote;
    this.isTraced = options.onNote !== undefined;
  }

  /** True time since the beginning, milliseconds with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  get traceHash(): string {
    return `${(this.#hash >>> 0).toString(16)}${(this.#hash2 >>> 0).toString(16)}`;
  }

  /** Random numbers for one purpose: what another purpose draws does not change them. */
  stream(): SeededRandom {
    return new SeededRandom(this.#seed * 1_000 + ++this.#streams);
  }

  /** Lets something happen after `delayMs`. */
  after(delayMs: number, fire: () => void): Timer {
    const at = { ms: this.#nowMs + delayMs, tie: this.#ties.next(), sequence: this.#sequence++ };
    const event = new SimEvent(at, fire);
    this.#heap.push(event);
    return event;
  }

  /** Puts numbers that say what has happened into the fingerprint. */
  mark(code: number, value: number): void {
    this.#hash = Math.imul(this.#hash ^ code, 0x01000193) ^ (value | 0);
    this.#hash2 = Math.imul(this.#hash2 ^ (this.#hash >>> 7), 0x5bd1e995) ^ (this.#nowMs * 1_000);
  }

  /** `text` is made only when somebody wants to read it. */
  note(lane: string, text: () => string): void {
    this.#onNote?.({ atMs: this.#nowMs, lane, text: text() });
  }

  /** Goes on until the condition holds or nothing is left to happen; at most to `untilMs`. */
  run(untilMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let pending = 0;
      let isDone = false;
      const turn = (): void => {
        pending--;
        if (!isDone) {
          try {
            isDone = isOver() || !this.#step(untilMs);
          } catch (error) {
            isDone = true;
            reject(error as Error);
          }
        }
        if (pending > 0) return;
        if (isDone) resolve();
        else schedule();
      };
      const schedule = (): void => {
        for (; pending < IMMEDIATES; pending++) setImmediate(turn);
      };
      schedule();
    });
  }

  #step(untilMs: number): boolean {
    for (;;) {
      const event = this.#heap.pop();
      if (event === null) return false;
      if (event.fire === null) continue;
      if (event.atMs > untilMs) {
        this.#heap.push(event);
        this.#nowMs = untilMs;
        return false;
      }
      this.#eventsAtOnce = event.atMs === this.#nowMs ? this.#eventsAtOnce + 1 : 0;
      if (this.#eventsAtOnce > EVENTS_AT_ONCE_MAX) throw new Error("time stands still");
      this.#nowMs = event.atMs;
      this.#events++;
      this.mark(this.#events, event.sequence);
      event.fire();
      return true;
    }
  }
}
