import type { StopSignal } from "@horae/core";

/** A condition variable: who waits goes on at the next change, and looks for itself. */
export class Condition {
  readonly #waiting = new Set<() => void>();

  notifyAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const goOn of waiting) goOn();
  }

  /** Resolves at the next change, or when `signal` aborts. */
  wait(signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        this.#waiting.delete(goOn);
        signal.removeEventListener("abort", goOn);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(goOn);
      signal.addEventListener("abort", goOn);
    });
  }
}
