import type { Clock } from "@horae/core";

/** Between two lines about the same thing. */
const INTERVAL_MS = 10_000;

/** Names are few: operation and error code. More would be a mistake, and must not fill memory. */
const NAMES_MAX = 1_000;

interface Line {
  readonly writtenMs: number;
  skipped: number;
}

/** Thins out lines that say the same again and again. */
export class RepeatedLines {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many lines of this name were left out since the last one; null: leave this one out too. */
  next(name: string): number | null {
    const nowMs = this.#clock.monotonicMs();
    const last = this.#lines.get(name);
    if (last !== undefined && nowMs - last.writtenMs < INTERVAL_MS) {
      last.skipped++;
      return null;
    }
    if (last === undefined && this.#lines.size >= NAMES_MAX) this.#lines.clear();
    this.#lines.set(name, { writtenMs: nowMs, skipped: 0 });
    return last?.skipped ?? 0;
  }
}
