import type { ScheduleOutcome } from "@horae/client";
import { parseTaskKey } from "@horae/core";
import type { FinalTask, HistoryLine } from "@horae/testkit/checker";
import { checkHistory } from "@horae/testkit/checker";
import { monotonicMs, msOf } from "./monotonic.ts";
import type { AttemptLine } from "./node-process.ts";

const MAX_ATTEMPTS = 5;

/** What clients asked for and were told, on the clock that the nodes' lines have. */
export class Calls {
  readonly #lines: HistoryLine[] = [];
  #calls = 0;

  /** Schedules, and notes it. The keys become known with the outcomes. */
  async note(
    schedule: () => Promise<readonly ScheduleOutcome[]>,
  ): Promise<readonly ScheduleOutcome[]> {
    const askedAtMs = monotonicMs();
    const outcomes = await schedule();
    const answeredAtMs = monotonicMs();
    for (const outcome of outcomes) if (outcome.ok) this.add(outcome.key, askedAtMs, answeredAtMs);
    return outcomes;
  }

  add(text: string, askedAtMs = monotonicMs(), answeredAtMs = askedAtMs): void {
    const call = this.#calls++;
    const key = parseTaskKey(text);
    this.#lines.push({ line: "ask", atMs: askedAtMs, call, key, maxAttempts: MAX_ATTEMPTS });
    this.#lines.push({ line: "answer", atMs: answeredAtMs, call, answer: "acked" });
  }

  /** Every promise is kept by what the nodes did. `final`: what the store has of each task. */
  expectKept(attempts: readonly AttemptLine[], final: readonly FinalTask[]): void {
    const lines = [...this.#lines, ...attempts.map(lineOf)];
    const sorted = lines.toSorted((a, b) => a.atMs - b.atMs);
    const { violations, counts } = checkHistory({ lines: sorted, final, isDrained: true });
    expect(violations).toEqual([]);
    expect(counts.acked).toBe(this.#calls);
  }
}

export function lineOf(attempt: AttemptLine): HistoryLine {
  const { node, partition, epoch, fence, time: wallMs } = attempt;
  const at = { atMs: msOf(attempt.at), node, attempt: attempt.attempt };
  const key = parseTaskKey(attempt.key);
  if (attempt.line === "start")
    return { line: "start", ...at, key, partition, epoch, fence, wallMs };
  return { line: "end", ...at, key, outcome: attempt.line === "end" ? "succeeded" : "retry" };
}
