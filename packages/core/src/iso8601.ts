import { HoraeError } from "./errors.ts";
import { SCHEDULED_TIME_MAX_MS } from "./limits.ts";

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

/** 0000-01-01T00:00:00.000Z, epoch milliseconds. */
const YEAR_ZERO_MS = -62_167_219_200_000;

const MINUTE_MS = 60_000;

/** The Gregorian calendar repeats after 400 years. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 24 * 60 * MINUTE_MS;

/** No place on earth is further from UTC (Kiribati, +14:00); ISO 8601 itself names no limit. */
const OFFSET_MAX_MINUTES = 14 * 60;

/**
 * Reads one form of ISO 8601 (a profile of RFC 3339) and answers epoch milliseconds; null for
 * everything else: `YYYY-MM-DDThh:mm:ss[.s|.ss|.sss](Z|+hh:mm|-hh:mm)`. Upper-case `T` and `Z`,
 * seconds and zone are required, years are 0000 to 9999, offsets up to 14 hours. Refused: days that
 * do not exist, hour 24, leap seconds (no clock here counts them), more than three fraction digits
 * (they would be cut silently).
 */
export function parseIso8601(text: string): number | null {
  if (!DATE_TIME.test(text)) return null;
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  // Date.UTC takes the years 0 to 99 for 1900 to 1999, hence the detour over a later cycle.
  const dayMs = Date.UTC(digits(text, 0, 4) + CYCLE_YEARS, month - 1, day) - CYCLE_MS;
  if (new Date(dayMs).getUTCDate() !== day) return null;
  const offset = offsetMinutes(text);
  if (offset === null) return null;
  const minutes = hour * 60 + minute - offset;
  return dayMs + minutes * MINUTE_MS + second * 1_000 + fractionMs(text);
}

/**
 * `2026-12-01T09:00:00.000Z`: UTC with milliseconds, the same length for every instant, so that
 * texts sort as instants do. Throws `TASK_INVALID` outside the years 0000 to 9999.
 */
export function formatIso8601(timeMs: number): string {
  if (!Number.isInteger(timeMs) || timeMs < YEAR_ZERO_MS || timeMs > SCHEDULED_TIME_MAX_MS) {
    throw new HoraeError("TASK_INVALID", "a time outside the years 0000 to 9999", {
      details: { timeMs },
    });
  }
  return new Date(timeMs).toISOString();
}

/** Minutes ahead of UTC; null when there is no such offset. */
function offsetMinutes(text: string): number | null {
  if (text.endsWith("Z")) return 0;
  const end = text.length;
  const minutes = digits(text, end - 2, end);
  const total = digits(text, end - 5, end - 3) * 60 + minutes;
  if (minutes > 59 || total > OFFSET_MAX_MINUTES) return null;
  return text[end - 6] === "-" ? -total : total;
}

function fractionMs(text: string): number {
  if (text[19] !== ".") return 0;
  const end = text.endsWith("Z") ? text.length - 1 : text.length - 6;
  return digits(text, 20, end) * 10 ** (23 - end);
}

/** The number that the digits from `start` to `end` (exclusive) write; faster than a slice. */
function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) number = number * 10 + text.charCodeAt(i) - 0x30;
  return number;
}
