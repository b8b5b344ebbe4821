import { parseIso8601 } from "@horae/core";
import { UsageError } from "./command.ts";
import { parseDuration } from "./duration.ts";

/**
 * A time on the command line, as ISO 8601: `2026-12-01T09:00:00Z`, `now`, `now-2h` or `now+1d`.
 * Throws `UsageError`, which names the option.
 */
export function momentText(option: string, text: string, nowMs: number): string {
  if (parseIso8601(text) !== null) return text;
  const [whole, sign, delay] = /^now(?:([+-])(.+))?$/.exec(text) ?? [];
  const delayMs = delay === undefined ? 0 : parseDuration(delay);
  if (whole === undefined || delayMs === null) {
    throw new UsageError(`--${option}: expected 2026-12-01T09:00:00Z, now, now-2h or now+1d`);
  }
  const timeMs = sign === "-" ? nowMs - delayMs : nowMs + delayMs;
  if (timeMs < 0 || Number.isNaN(new Date(timeMs).getTime())) {
    throw new UsageError(`--${option}: too far from now`);
  }
  return new Date(timeMs).toISOString();
}
