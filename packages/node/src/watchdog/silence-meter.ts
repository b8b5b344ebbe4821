/**
 * How long a process has given no sign of life, as another of its threads sees it. Time in which that
 * thread did not look either does not count: then the whole process was stopped, or the machine.
 */
export class SilenceMeter {
  readonly #tickMs: number;
  #beats: number | null = null;
  #lookedAtMs = 0;
  #silentMs = 0;

  /** `tickMs`: how often `look` is called. */
  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  /** `beats`: the signs of life so far. Answers since when there was none, milliseconds. */
  look(beats: number, nowMs: number): number {
    const passedMs = Math.min(nowMs - this.#lookedAtMs, 2 * this.#tickMs);
    this.#silentMs = beats === this.#beats ? this.#silentMs + passedMs : 0;
    this.#beats = beats;
    this.#lookedAtMs = nowMs;
    return this.#silentMs;
  }
}
