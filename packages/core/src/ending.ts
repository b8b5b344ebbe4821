import type { StopSignal } from "./ports/clock.ts";

/**
 * Says once that something is over. Like an AbortSignal, but any number may listen: every write that
 * waits for the store does, and every append that waits for the log. Node warns of the eleventh.
 */
export class Ending implements StopSignal {
  readonly #listeners = new Set<() => void>();
  #isOver = false;

  get aborted(): boolean {
    return this.#isOver;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
