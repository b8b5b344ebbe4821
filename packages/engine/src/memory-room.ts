import type { EngineSettings } from "./settings.ts";

/**
 * The room that waiting tasks take in memory. Active ones take none: the concurrency bounds them, and
 * handlers that run for long must not keep other tasks from being loaded.
 */
export class MemoryRoom {
  readonly #limits: Pick<EngineSettings, "loadedTasksMax" | "loadedBytesMax">;
  #tasks = 0;
  #bytes = 0;

  constructor(limits: Pick<EngineSettings, "loadedTasksMax" | "loadedBytesMax">) {
    this.#limits = limits;
  }

  /** Waiting tasks. */
  get tasks(): number {
    return this.#tasks;
  }

  get isFull(): boolean {
    const { loadedTasksMax, loadedBytesMax } = this.#limits;
    return this.#tasks >= loadedTasksMax || this.#bytes >= loadedBytesMax;
  }

  /** How many tasks may be added. */
  get left(): number {
    return this.isFull ? 0 : this.#limits.loadedTasksMax - this.#tasks;
  }

  /** Do the waiting tasks take more than this share of it, by their number or by their bytes? */
  isAbove(share: number): boolean {
    const { loadedTasksMax, loadedBytesMax } = this.#limits;
    return this.#tasks > Math.floor(loadedTasksMax * share) || this.#bytes > loadedBytesMax * share;
  }

  take(bytes: number): void {
    this.#tasks++;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#tasks--;
    this.#bytes -= bytes;
  }

  /** A waiting task has grown by so many bytes, or become smaller. */
  resize(byBytes: number): void {
    this.#bytes += byBytes;
  }
}
