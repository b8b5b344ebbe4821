import { compareTaskKeys, taskKeyToken } from "@horae/core";
import { type AttemptSpan, groupSpans } from "../attempts.ts";
import type { CheckedHistory, TaskCall } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/** Of an ordering id with very many tasks each is compared with so many that started before it. */
const LOOK_BACK = 200;

/**
 * S13: tasks of an ordering id start in the order of their keys. Asked only of pairs of which the
 * earlier one was acked before the later one was asked for, so that the log has them in that order. What
 * was on the log, and not applied yet, may be overtaken after a take-over.
 */
export function checkOrder(checked: CheckedHistory): Violation[] {
  if (checked.limits.onRetry === "skip") return [];
  const violations: Violation[] = [];
  for (const ofId of groupSpans(checked.spans, ({ key }) => key.orderingId).values()) {
    const firsts = firstStarts(ofId);
    for (const [index, earlier] of firsts.entries()) {
      const later = firsts
        .slice(Math.max(0, index - LOOK_BACK), index)
        .find((other) => isOvertaken(checked, earlier, other));
      if (later === undefined) continue;
      const message = `started after ${later.start.key.uniquenessKey}, which comes after it`;
      violations.push(violation("S13", earlier.start.key, message));
    }
  }
  return violations;
}

function firstStarts(spans: readonly AttemptSpan[]): readonly AttemptSpan[] {
  const seen = new Set<string>();
  return spans.filter(({ start }) => {
    const token = taskKeyToken(start.key);
    if (seen.has(token)) return false;
    seen.add(token);
    return true;
  });
}

/** `later` has started before `earlier`, whose key is smaller, and nothing excuses it. */
function isOvertaken(checked: CheckedHistory, earlier: AttemptSpan, later: AttemptSpan): boolean {
  if (compareTaskKeys(earlier.start.key, later.start.key) >= 0) return false;
  const callsOf = ({ start }: AttemptSpan): readonly TaskCall[] =>
    checked.calls.get(taskKeyToken(start.key)) ?? [];
  const ackedAtMs = Math.min(
    ...callsOf(earlier).map(({ ask, answer, answeredAtMs }) =>
      answer === "acked" && answeredAtMs !== null && ask.isMisplaced !== true
        ? answeredAtMs
        : Infinity,
    ),
  );
  const askedAtMs = Math.min(...callsOf(later).map(({ ask }) => ask.atMs));
  if (ackedAtMs >= askedAtMs) return false;
  const { unapplied } = checked.history;
  if (unapplied !== undefined) {
    return unapplied.get(taskKeyToken(earlier.start.key))?.has(later.start.epoch) !== true;
  }
  const isTouched = (node: string): boolean =>
    checked.windows.touches(node, ackedAtMs, earlier.start.atMs);
  return !isTouched(earlier.start.node) && !isTouched(later.start.node);
}
