import { type Clock, type Timer, TIMER_DELAY_MAX_MS } from "@horae/core";

/** Pause after a body that threw. */
const ERROR_PAUSE_MS = 1_000;

export interface LoopOptions {
  readonly clock: Clock;
  /** Does bounded work and answers after how many milliseconds it wants to be called again. */
  readonly tick: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * The shell of every loop: waits for a wake or for the time its body asked for, calls the body,
 * survives its errors. Wakes coalesce; one that arrives during a tick is remembered.
 */
export class Loop {
  readonly #options: LoopOptions;
  #timer: Timer | null = null;
  #woken = false;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  wake(): void {
    if (this.#woken || this.#stopped) return;
    this.#woken = true;
    // A microtask: what else happens in this turn joins the same tick.
    void Promise.resolve().then(() => this.#run());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #run(): void {
    if (this.#stopped) return;
    this.#woken = false;
    this.#timer?.cancel();
    const delayMs = this.#tick();
    if (this.#stopped) return;
    const wait = Math.min(Math.max(Math.ceil(delayMs), 0), TIMER_DELAY_MAX_MS);
    this.#timer = this.#options.clock.setTimer(wait, () => this.wake());
  }

  #tick(): number {
    try {
      return this.#options.tick();
    } catch (error) {
      this.#options.onError(error);
      return ERROR_PAUSE_MS;
    }
  }
}
