import { HoraeError, TIMER_DELAY_MAX_MS } from "@horae/core";

export interface ClientSettings {
  /**
   * How long a call may take, waiting and repeating included, in milliseconds. Default 30,000;
   * 1 to 2^31-1.
   */
  readonly appendTimeoutMs: number;
  /**
   * How long a call repeats appends that the log refuses, so that the task is certainly not there,
   * in milliseconds. 0 to 2^31-1; default 30,000, for a directory 1,000.
   */
  readonly refusalTimeoutMs: number;
  /** Tasks on their way to the log at the same time; further calls wait. Default 10,000; from 1. */
  readonly inFlightTasksMax: number;
  /** Calls that may wait; further ones are rejected with `CLIENT_SATURATED`. Default 100,000; from 0. */
  readonly waitingTasksMax: number;
}

export const DEFAULT_CLIENT_SETTINGS: ClientSettings = Object.freeze({
  appendTimeoutMs: 30_000,
  refusalTimeoutMs: 30_000,
  inFlightTasksMax: 10_000,
  waitingTasksMax: 100_000,
});

const RANGES: Readonly<Record<keyof ClientSettings, readonly [number, number]>> = {
  appendTimeoutMs: [1, TIMER_DELAY_MAX_MS],
  refusalTimeoutMs: [0, TIMER_DELAY_MAX_MS],
  inFlightTasksMax: [1, 1_000_000],
  waitingTasksMax: [0, 10_000_000],
};

/** Fills in the defaults. Throws `SETTINGS_INVALID`. */
export function resolveClientSettings(given: Partial<ClientSettings>): ClientSettings {
  const settings = { ...DEFAULT_CLIENT_SETTINGS };
  for (const name of Object.keys(RANGES) as (keyof ClientSettings)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const [min, max] = RANGES[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      const expected = `an integer from ${min} to ${max}`;
      throw new HoraeError("SETTINGS_INVALID", `${name}: expected ${expected}`, {
        details: { path: name, expected },
      });
    }
    settings[name] = value;
  }
  return settings;
}
