import type { Clock, Timer } from "@horae/core";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/**
 * A clock that moves only when told to. Wall clock and monotonic clock move together, unless the
 * wall clock is stepped. Timers fire in the order of their times, each after everything that the
 * one before has set off has settled.
 */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return Math.floor(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    if (!(delayMs >= 0 && delayMs <= 2 ** 31 - 1)) throw new RangeError(`timer of ${delayMs} ms`);
    const pending = { atMs: this.#monotonicMs + delayMs, order: this.#order++, fire };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Steps the wall clock, in either direction; no timer fires. */
  stepWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** Lets `byMs` pass: timers fire, and what they set off settles. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await settled();
    for (let next = this.#next(untilMs); next !== null; next = this.#next(untilMs)) {
      this.#pending.delete(next);
      this.#moveTo(next.atMs);
      next.fire();
      await settled();
    }
    this.#moveTo(untilMs);
    await settled();
  }

  /** Lets time pass until the condition holds; at most `limitMs`. */
  async advanceUntil(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const untilMs = this.#monotonicMs + limitMs;
    await settled();
    while (!condition()) {
      const next = this.#next(untilMs);
      if (next === null) throw new Error(`the condition did not hold within ${limitMs} ms`);
      await this.advance(Math.max(0, next.atMs - this.#monotonicMs));
    }
  }

  #next(untilMs: number): Pending | null {
    let next: Pending | null = null;
    for (const pending of this.#pending) {
      if (pending.atMs > untilMs) continue;
      if (next === null || isBefore(pending, next)) next = pending;
    }
    return next;
  }

  #moveTo(monotonicMs: number): void {
    const byMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += byMs;
    this.#wallMs += byMs;
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Resolves when all promise chains that can go on without a timer have gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Calls `fire` after so long of real time; answers how to call it off. For the patience of tests
 * that would else hang in silence, never for what they test.
 */
export function afterRealTime(delayMs: number, fire: () => void): () => void {
  const timer = setTimeout(fire, delayMs);
  return () => clearTimeout(timer);
}
