import { type Clock, type Timer, TIMER_DELAY_MAX_MS } from "@horae/core";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

/** True time 0 of every simulation, epoch milliseconds: 2026-01-01. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The clocks of one host. They run at their own rate, can be stepped, and stand still in a suspension. */
export class HostClock {
  readonly #world: World;
  readonly #rate: number;
  readonly #firstOffsetMs: number;
  #wallOffsetMs: number;
  /** Time in which the whole machine was suspended: the monotonic clock does not count it. */
  #suspendedMs = 0;
  #suspendedSinceMs: number | null = null;

  constructor(world: World, options: { offsetMs: number; driftPpm: number }) {
    this.#world = world;
    this.#rate = 1 + options.driftPpm / 1_000_000;
    this.#firstOffsetMs = options.offsetMs;
    this.#wallOffsetMs = options.offsetMs;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.#world.nowMs * this.#rate + this.#wallOffsetMs);
  }

  monotonicMs(): number {
    const now = this.#suspendedSinceMs ?? this.#world.nowMs;
    return (now - this.#suspendedMs) * this.#rate;
  }

  /** True time that passes while this clock counts `ms`. */
  trueMs(ms: number): number {
    return ms / this.#rate;
  }

  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Takes the steps back. */
  setRight(): void {
    this.#wallOffsetMs = this.#firstOffsetMs;
  }

  suspend(): void {
    this.#suspendedSinceMs ??= this.#world.nowMs;
  }

  resume(): void {
    if (this.#suspendedSinceMs === null) return;
    this.#suspendedMs += this.#world.nowMs - this.#suspendedSinceMs;
    this.#suspendedSinceMs = null;
  }
}

/** A timer of a process: fires when its time has passed on the clock of the host. */
class HostTimer implements Timer {
  readonly #on: ClockParts;
  readonly #dueMs: number;
  #fire: (() => void) | null;
  #event: Timer;

  constructor(on: ClockParts, delayMs: number, fire: () => void) {
    this.#on = on;
    this.#dueMs = on.host.monotonicMs() + delayMs;
    this.#fire = fire;
    this.#event = this.#arm();
  }

  cancel(): void {
    this.#fire = null;
    this.#event.cancel();
  }

  #arm(): Timer {
    const { world, host, process } = this.#on;
    const delayMs = host.trueMs(Math.max(0, this.#dueMs - host.monotonicMs()));
    return world.after(delayMs, () => process.reach(() => this.#onDue()));
  }

  #onDue(): void {
    // A suspended machine's timers still have their time to wait.
    if (this.#on.host.monotonicMs() + 1e-6 < this.#dueMs) this.#event = this.#arm();
    else this.#fire?.();
  }
}

interface ClockParts {
  readonly world: World;
  readonly host: HostClock;
  readonly process: SimProcess;
}

/** The Clock of one process on a host. */
export function clockOf(world: World, host: HostClock, process: SimProcess): Clock {
  const parts = { world, host, process };
  return {
    nowMs: () => host.wallMs(),
    monotonicMs: () => host.monotonicMs(),
    setTimer: (delayMs, fire) => {
      if (!(delayMs >= 0 && delayMs <= TIMER_DELAY_MAX_MS)) {
        throw new RangeError(`S22: a timer of ${delayMs} ms`);
      }
      return new HostTimer(parts, delayMs, fire);
    },
  };
}
