import type { Clock, Timer } from "@horae/core";
import type { AppendCall } from "./append-call.ts";

/**
 * The calls that have not ended; ends those whose time is up. All have the same time-out, so that
 * the oldest is always due first and one timer is enough.
 */
export class OpenCalls {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** When each is due, on the monotonic clock; the oldest first. */
  readonly #dueMs = new Map<AppendCall, number>();
  /** Set while there is a call. */
  #timer: Timer | null = null;
  #onIdle: (() => void) | undefined;

  constructor(options: { clock: Clock; timeoutMs: number }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  get size(): number {
    return this.#dueMs.size;
  }

  add(call: AppendCall): void {
    this.#dueMs.set(call, this.#clock.monotonicMs() + this.#timeoutMs);
    if (this.#timer === null) this.#wakeIn(this.#timeoutMs);
  }

  delete(call: AppendCall): void {
    this.#dueMs.delete(call);
    if (this.#dueMs.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#onIdle?.();
  }

  /** Resolves when there is none, or after `limitMs`. */
  async whenIdle(limitMs: number): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(limitMs, resolve);
      this.#onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  abandonAll(): void {
    for (const call of [...this.#dueMs.keys()]) call.abandon();
  }

  #wakeIn(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#endDue());
  }

  #endDue(): void {
    this.#timer = null;
    const nowMs = this.#clock.monotonicMs();
    for (const [call, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) {
        this.#wakeIn(dueMs - nowMs);
        return;
      }
      call.timeOut(this.#timeoutMs);
    }
  }
}
