import { taskKeyToken } from "@horae/core";
import { type AttemptSpan, attemptsOf } from "./attempts.ts";
import { FaultWindows } from "./fault-windows.ts";
import type { AskLine, History, Violation } from "./history.ts";
import { checkLoss } from "./rules/loss.ts";
import { checkNumbers } from "./rules/numbers.ts";
import { checkOrder } from "./rules/order.ts";
import { checkOverlap } from "./rules/overlap.ts";
import { checkRepeats } from "./rules/repeats.ts";
import { checkTimes } from "./rules/times.ts";

export interface CheckLimits {
  /** So long after a fault its harm may show: a start again, a stale owner. Default 15,000. */
  readonly graceMs: number;
  /** How early a start may be by the node's own wall clock. Default 0. */
  readonly earlyMs: number;
  /** How long a stale owner's handler may run beside the next one. Default 15,000. */
  readonly zombieMs: number;
  /** Under `onRetry: skip` tasks of an ordering id may overtake a sleeper. Default `block`. */
  readonly onRetry: "block" | "skip";
}

export const DEFAULT_CHECK_LIMITS: CheckLimits = {
  graceMs: 15_000,
  earlyMs: 0,
  zombieMs: 15_000,
  onRetry: "block",
};

/** A history, prepared for its rules. */
export interface CheckedHistory {
  readonly history: History;
  readonly spans: readonly AttemptSpan[];
  readonly windows: FaultWindows;
  readonly limits: CheckLimits;
  /** The calls of each task. */
  readonly calls: ReadonlyMap<string, readonly TaskCall[]>;
}

export interface TaskCall {
  readonly ask: AskLine;
  /** Unknown: no answer came. */
  readonly answer: "acked" | "refused" | "unknown";
  /** Of the answer; null without one. */
  readonly answeredAtMs: number | null;
}

export interface CheckReport {
  readonly violations: readonly Violation[];
  readonly counts: {
    readonly acked: number;
    readonly starts: number;
    readonly succeeded: number;
    /** Starts of a task that had succeeded before, where a fault allows it. */
    readonly allowedRepeats: number;
    /** Attempts of a stale owner beside the next owner's. */
    readonly zombies: number;
    readonly faults: number;
  };
  /** Sorted; first attempts that no fault touches, milliseconds. */
  readonly calmLatenesses: readonly number[];
}

/**
 * Checks a history against the promises of the design, without knowing anything of the engine: O(n log
 * n). After Jepsen's checkers: what was acked is an obligation, what is unknown a possibility.
 */
export function checkHistory(history: History, limits: Partial<CheckLimits> = {}): CheckReport {
  const all = { ...DEFAULT_CHECK_LIMITS, ...limits };
  const checked: CheckedHistory = {
    history,
    spans: attemptsOf(history),
    windows: new FaultWindows(history, all.graceMs),
    limits: all,
    calls: callsOf(history),
  };
  const repeats = checkRepeats(checked);
  const overlap = checkOverlap(checked);
  const times = checkTimes(checked);
  const violations = [
    ...checkLoss(checked),
    ...checkNumbers(checked),
    ...repeats.violations,
    ...overlap.violations,
    ...checkOrder(checked),
    ...times.violations,
  ];
  const acked = [...checked.calls.values()].filter((calls) =>
    calls.some(({ answer }) => answer === "acked"),
  );
  return {
    violations,
    counts: {
      acked: acked.length,
      starts: checked.spans.length,
      succeeded: checked.spans.filter(({ end }) => end?.outcome === "succeeded").length,
      allowedRepeats: repeats.allowed,
      zombies: overlap.zombies,
      faults: checked.windows.windows.length,
    },
    calmLatenesses: times.calmLatenesses,
  };
}

function callsOf({ lines }: History): ReadonlyMap<string, readonly TaskCall[]> {
  const asks = new Map<number, AskLine>();
  const answers = new Map<number, Pick<TaskCall, "answer" | "answeredAtMs">>();
  for (const line of lines) {
    if (line.line === "ask") asks.set(line.call, line);
    if (line.line === "answer") {
      answers.set(line.call, { answer: line.answer, answeredAtMs: line.atMs });
    }
  }
  const calls = new Map<string, TaskCall[]>();
  for (const [call, ask] of asks) {
    const token = taskKeyToken(ask.key);
    const answer = answers.get(call) ?? { answer: "unknown", answeredAtMs: null };
    const known = calls.get(token);
    if (known === undefined) calls.set(token, [{ ask, ...answer }]);
    else known.push({ ask, ...answer });
  }
  return calls;
}
