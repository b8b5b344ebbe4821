import { HoraeError, isId, NAME_PATTERN, parseIso8601, SCHEDULED_TIME_MAX_MS } from "@horae/core";
import type { LetterPosition } from "./letter-cursor.ts";
import { parsePageToken } from "./page-token.ts";
import type { TaskStatus } from "./task-view.ts";
import { TASK_STATUSES } from "./task-view.ts";

const HOUR_MS = 3_600_000;
const LIMIT = 100;
export const LIMIT_MAX = 1_000;

/** What a caller asks for, as text: the query string, or the options of the command line. */
export interface ListQueryTexts {
  readonly orderingId?: string | undefined;
  readonly status?: string | undefined;
  readonly type?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: string | undefined;
  readonly pageToken?: string | undefined;
}

/** Which tasks to list. Null: any. */
export interface ListQuery {
  readonly orderingId: string | null;
  readonly status: TaskStatus | null;
  readonly type: string | null;
  /** Of the scheduled time (for `failed`: of the failure), epoch milliseconds, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** At most so many tasks, 1 to 1,000. */
  readonly limit: number;
  readonly after: LetterPosition | null;
}

/** Unfinished tasks that were due before `beforeMs`. */
export interface StaleQuery {
  /** Epoch milliseconds, exclusive. */
  readonly beforeMs: number;
  /** 1 to 1,000. */
  readonly limit: number;
  readonly after: LetterPosition | null;
}

/**
 * Reads a query; by default an hour around `nowMs`, 100 tasks. Throws `REQUEST_INVALID`, which says
 * which parameter is wrong.
 */
export function parseListQuery(texts: ListQueryTexts, nowMs: number): ListQuery {
  const { orderingId, status, type, from, to, limit, pageToken } = texts;
  if (orderingId !== undefined && !isId(orderingId)) throw invalid("orderingId", "an ordering id");
  if (type !== undefined && !NAME_PATTERN.test(type)) throw invalid("type", "a task type");
  const fromMs = timeOf("from", from, nowMs - HOUR_MS);
  const toMs = timeOf("to", to, nowMs + HOUR_MS);
  if (fromMs >= toMs) throw invalid("to", "a time after `from`");
  return {
    orderingId: orderingId ?? null,
    status: status === undefined ? null : statusOf(status),
    type: type ?? null,
    fromMs,
    toMs,
    limit: limitOf(limit),
    after: pageToken === undefined ? null : parsePageToken(pageToken),
  };
}

/** What a caller asks for, as text. */
export interface StaleQueryTexts {
  readonly olderThanMs?: string | undefined;
  readonly limit?: string | undefined;
  readonly pageToken?: string | undefined;
}

/** A task is stale five minutes after its scheduled time, if nothing else is said. */
export const STALE_AFTER_MS = 300_000;

/** Reads a query for stale tasks. Throws `REQUEST_INVALID`. */
export function parseStaleQuery(texts: StaleQueryTexts, nowMs: number): StaleQuery {
  const { olderThanMs: olderThan = String(STALE_AFTER_MS), limit, pageToken } = texts;
  if (!/^\d{1,13}$/.test(olderThan)) throw invalid("olderThanMs", "milliseconds");
  return {
    beforeMs: Math.max(0, nowMs - Number(olderThan)),
    limit: limitOf(limit),
    after: pageToken === undefined ? null : parsePageToken(pageToken),
  };
}

function statusOf(text: string): TaskStatus {
  const status = TASK_STATUSES.find((one) => one === text);
  if (status === undefined) throw invalid("status", `one of ${TASK_STATUSES.join(", ")}`);
  return status;
}

function timeOf(path: string, text: string | undefined, absentMs: number): number {
  if (text === undefined) return Math.min(Math.max(absentMs, 0), SCHEDULED_TIME_MAX_MS);
  const timeMs = parseIso8601(text);
  if (timeMs === null || timeMs < 0) {
    throw invalid(path, "an ISO 8601 time from 1970 on, with Z or an offset");
  }
  return timeMs;
}

/** Throws `REQUEST_INVALID`. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMIT_MAX) throw invalid("limit", `an integer from 1 to ${LIMIT_MAX}`);
  return limit;
}

function invalid(path: string, expected: string): HoraeError {
  const details = { path, expected };
  return new HoraeError("REQUEST_INVALID", `${path}: expected ${expected}`, { details });
}
