import { assert } from "@horae/core";

/** A call at the gate. */
export interface Entrant {
  /** True when the call has ended while it waited; it is passed over then. */
  readonly hasEnded: boolean;
  /** Called once, when there is room: before `admit` returns, or on a later `leave`. */
  enter(): void;
}

/**
 * Bounds how many calls are under way, and how many wait for that, first come first served.
 * Whoever entered calls `leave` once; whoever ended while waiting is reported with `giveUp`.
 */
export class Gate {
  readonly #insideMax: number;
  readonly #waitingMax: number;
  #inside = 0;
  #waiting = 0;
  /** Those from `#head` on wait or have ended; all before it are gone. */
  #line: Entrant[] = [];
  #head = 0;

  constructor(limits: { insideMax: number; waitingMax: number }) {
    this.#insideMax = limits.insideMax;
    this.#waitingMax = limits.waitingMax;
  }

  get isFull(): boolean {
    return this.#inside >= this.#insideMax && this.#waiting >= this.#waitingMax;
  }

  /** Lets the entrant in, now or in its turn. The gate must not be full. */
  admit(entrant: Entrant): void {
    assert(!this.isFull, "nobody is admitted to a full gate");
    if (this.#inside < this.#insideMax) {
      this.#inside++;
      entrant.enter();
      return;
    }
    this.#waiting++;
    this.#line.push(entrant);
  }

  leave(): void {
    this.#inside--;
    this.#dropEnded();
    const next = this.#line[this.#head];
    if (next === undefined) return;
    this.#head++;
    this.#compact();
    this.#waiting--;
    this.#inside++;
    next.enter();
  }

  /** A waiting entrant has ended. */
  giveUp(): void {
    this.#waiting--;
    // All calls have the same time-out, hence they end from the head on and none is kept for long.
    this.#dropEnded();
  }

  #dropEnded(): void {
    while (this.#line[this.#head]?.hasEnded === true) this.#head++;
    this.#compact();
  }

  #compact(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#line.length) return;
    this.#line = this.#line.slice(this.#head);
    this.#head = 0;
  }
}
