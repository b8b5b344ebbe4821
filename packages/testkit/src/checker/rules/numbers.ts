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
  const violations: Violation[] = [];
  const isDeleted = history.deleted?.has(taskKeyToken(key)) ?? false;
  for (const [index, { start }] of spans.entries()) {
    const before = spans[index - 1];
    const highest = before?.start.attempt ?? 0;
    const isNew = start.attempt === 1 && isDeleted && before?.end?.outcome !== "retry";
    if (start.attempt <= highest && !isNew) {
      violations.push(violation("S16", key, `attempt ${start.attempt} after attempt ${highest}`));
    }
  }
  const asked = calls.get(taskKeyToken(key)) ?? [];
  const most = Math.max(0, ...asked.map(({ ask }) => ask.maxAttempts));
  if (asked.length > 0 && spans.length > most) {
    violations.push(violation("S17", key, `${spans.length} starts, ${most} are allowed`));
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
