import { taskKeyToken } from "@horae/core";
import { type AttemptSpan, groupSpans } from "../attempts.ts";
import type { CheckedHistory } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/**
 * S16: attempt numbers of a task grow. S17: it starts at most `maxAttempts` times, stale owners' starts
 * aside. S12: fences of an ordering id grow in the order of the starts, those of stale owners aside.
 */
export function checkNumbers(checked: CheckedHistory): Violation[] {
  const violations: Violation[] = [];
  for (const ofTask of groupSpans(checked.spans, ({ key }) => taskKeyToken(key)).values()) {
    violations.push(...checkTask(checked, withoutZombies(ofTask)));
  }
  for (const ofId of groupSpans(checked.spans, ({ key }) => key.orderingId).values()) {
    let highest: AttemptSpan | null = null;
    for (const span of withoutZombies(ofId)) {
      if (highest !== null && span.start.fence <= highest.start.fence) {
        const message = `fence ${span.start.fence} after ${highest.start.fence}`;
        violations.push(violation("S12", span.start.key, message));
      }
      highest = span;
    }
  }
  return violations;
}

function checkTask({ calls, history }: CheckedHistory, spans: readonly AttemptSpan[]): Violation[] {
  const [first] = spans;
  if (first === undefined) return [];
  const { key } = first.start;
  const asked = calls.get(taskKeyToken(key)) ?? [];
  const most = asked.length === 0 ? Infinity : Math.max(...asked.map(({ ask }) => ask.maxAttempts));
  const isDeleted = history.deleted?.has(taskKeyToken(key)) ?? false;
  const violations: Violation[] = [];
  // Of the same task: retention makes one that comes again a new one.
  let starts = 0;
  let before: AttemptSpan | null = null;
  for (const span of spans) {
    const { attempt } = span.start;
    const mayBeOver = before?.end?.outcome !== "retry" || before.start.attempt >= most;
    if (isDeleted && attempt === 1 && mayBeOver) starts = 0;
    else if (before !== null && attempt <= before.start.attempt) {
      const message = `attempt ${attempt} after attempt ${before.start.attempt}`;
      violations.push(violation("S16", key, message));
    }
    starts++;
    if (starts === most + 1) {
      violations.push(violation("S17", key, `more than ${most} starts`));
    }
    before = span;
  }
  return violations;
}

/** A start under an epoch that a later epoch's start has come before: of an owner that did not know. */
function withoutZombies(spans: readonly AttemptSpan[]): readonly AttemptSpan[] {
  let epoch = 0;
  return spans.filter(({ start }) => {
    if (start.epoch < epoch) return false;
    epoch = start.epoch;
    return true;
  });
}
