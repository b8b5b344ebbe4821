import {
  type AttemptError,
  hasCode,
  type Random,
  retryDelayMs,
  type StatusCells,
  TIMER_DELAY_MAX_MS,
  utf8Length,
} from "@horae/core";
import type { LoadedTask } from "./loaded-task.ts";

/** How a handler ended. */
export type HandlerEnd =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  /** Its time was up, or its process let go of it; the code says which. */
  | { readonly kind: "aborted"; readonly code: string; readonly message: string };

const RESULT_BYTES_MAX = 32 * 1024;
const MESSAGE_LENGTH_MAX = 1_000;

/** The status cells that an attempt's end leads to. */
export function decideOutcome(
  task: LoadedTask,
  end: HandlerEnd,
  at: { nowMs: number; random: Random },
): StatusCells {
  const ending = end.kind === "returned" ? resultOf(end.value) : end;
  const base = {
    attempts: task.attempts,
    withdrawn: task.status?.withdrawn ?? 0,
    claimOpen: false,
  };
  if (ending.kind === "result") {
    const { resultJson } = ending;
    return {
      ...base,
      status: "succeeded",
      nextAttemptAtMs: null,
      lastError: null,
      resultJson,
      finishedAtMs: at.nowMs,
    };
  }
  const lastError = attemptErrorOf(ending);
  const error = ending.kind === "threw" ? ending.error : null;
  const isLast = task.countedAttempts >= task.options.maxAttempts || hasCode(error, "TASK_FAILED");
  if (isLast) {
    return {
      ...base,
      status: "failed",
      nextAttemptAtMs: null,
      lastError,
      resultJson: null,
      finishedAtMs: at.nowMs,
    };
  }
  const nextAttemptAtMs = at.nowMs + delayMs(task, error, at.random);
  return {
    ...base,
    status: "retrying",
    nextAttemptAtMs,
    lastError,
    resultJson: null,
    finishedAtMs: null,
  };
}

/** A claim that was given back before its handler started: its number is used, its count is not. */
export function withdrawnStatus(task: LoadedTask): StatusCells {
  return {
    status: "retrying",
    attempts: task.attempts,
    withdrawn: (task.status?.withdrawn ?? 0) + 1,
    claimOpen: false,
    nextAttemptAtMs: task.status?.nextAttemptAtMs ?? null,
    lastError: task.status?.lastError ?? null,
    resultJson: null,
    finishedAtMs: null,
  };
}

/** An attempt whose claim stays open for long: its row says so, so that the journal may be trimmed. */
export function openClaimStatus(task: LoadedTask): StatusCells {
  return {
    status: "retrying",
    attempts: task.attempts,
    withdrawn: task.status?.withdrawn ?? 0,
    claimOpen: true,
    nextAttemptAtMs: null,
    lastError: task.status?.lastError ?? null,
    resultJson: null,
    finishedAtMs: null,
  };
}

/** Delay before the next attempt: what the handler asked for, or the policy's. */
function delayMs(task: LoadedTask, error: unknown, random: Random): number {
  if (hasCode(error, "RETRY_LATER")) {
    const asked = (error as { delayMs?: unknown }).delayMs;
    if (typeof asked === "number" && asked >= 0 && asked <= TIMER_DELAY_MAX_MS) {
      return Math.ceil(asked);
    }
  }
  return retryDelayMs({ backoff: task.options.backoff, attempt: task.countedAttempts }, random);
}

function resultOf(
  value: unknown,
):
  | { kind: "result"; resultJson: string | null }
  | { kind: "aborted"; code: string; message: string } {
  if (value === undefined || value === null) return { kind: "result", resultJson: null };
  try {
    const resultJson = JSON.stringify(value) as string | undefined;
    if (resultJson === undefined) return invalid("the handler's result is not JSON");
    if (utf8Length(resultJson) <= RESULT_BYTES_MAX) return { kind: "result", resultJson };
    return invalid(`the handler's result is larger than ${RESULT_BYTES_MAX} bytes of JSON`);
  } catch (error) {
    return invalid(`the handler's result is not JSON: ${messageOf(error)}`);
  }
}

function invalid(message: string): { kind: "aborted"; code: string; message: string } {
  return { kind: "aborted", code: "RESULT_INVALID", message };
}

function attemptErrorOf(end: Exclude<HandlerEnd, { kind: "returned" }>): AttemptError {
  if (end.kind === "aborted") return { code: end.code, message: end.message };
  return { code: codeOf(end.error), message: messageOf(end.error).slice(0, MESSAGE_LENGTH_MAX) };
}

function codeOf(error: unknown): string {
  const code = readProperty(error, "code");
  if (typeof code === "string" && code.length > 0) return code.slice(0, 100);
  return "HANDLER_ERROR";
}

/** Handlers may throw anything, also what throws again when it is looked at. */
function messageOf(error: unknown): string {
  const message = readProperty(error, "message");
  if (typeof message === "string") return wellFormed(message);
  try {
    return wellFormed(String(error));
  } catch {
    return "a value that cannot be shown";
  }
}

function readProperty(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** Lone surrogates cannot be stored as UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
