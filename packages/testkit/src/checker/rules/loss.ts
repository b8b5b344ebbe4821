import { taskKeyToken } from "@horae/core";
import type { CheckedHistory } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/**
 * S1: no acked task is lost. S3: nothing runs that nobody scheduled. L1: once all is drained every
 * acked task has ended.
 */
export function checkLoss({ history, spans, calls }: CheckedHistory): Violation[] {
  const violations: Violation[] = [];
  const final = new Map(history.final.map((task) => [taskKeyToken(task.key), task]));
  for (const [token, ofTask] of calls) {
    if (!ofTask.some(({ answer }) => answer === "acked")) continue;
    const { key } = ofTask[0]!.ask;
    const task = final.get(token);
    if (task === undefined) violations.push(violation("S1", key, "acked, and not in the store"));
    else if (history.isDrained && task.status !== "succeeded" && task.status !== "failed") {
      violations.push(violation("L1", key, `acked, and still ${task.status}`));
    }
  }
  const isPossible = (token: string): boolean =>
    calls.get(token)?.some(({ answer }) => answer !== "refused") ?? false;
  const unexpected = new Map(
    spans
      .map(({ start }) => [taskKeyToken(start.key), start.key] as const)
      .filter(([token]) => !isPossible(token)),
  );
  for (const key of unexpected.values()) {
    violations.push(violation("S3", key, "started, and nobody scheduled it"));
  }
  for (const { start } of spans) {
    const asked = calls.get(taskKeyToken(start.key));
    if (asked !== undefined && asked.every(({ ask }) => ask.atMs > start.atMs)) {
      violations.push(violation("S3", start.key, "started before it was scheduled"));
    }
  }
  return violations;
}
