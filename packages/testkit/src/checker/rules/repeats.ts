import { taskKeyToken } from "@horae/core";
import { groupSpans } from "../attempts.ts";
import type { CheckedHistory } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/**
 * S6, S4: a task that has succeeded starts again only where a fault touched the node between its end
 * and the write of its outcome; so does one whose attempt was still under way.
 */
export function checkRepeats({ spans, windows, limits }: CheckedHistory): {
  violations: Violation[];
  allowed: number;
} {
  const violations: Violation[] = [];
  let allowed = 0;
  for (const ofTask of groupSpans(spans, ({ key }) => taskKeyToken(key)).values()) {
    for (const [index, span] of ofTask.entries()) {
      const before = ofTask[index - 1];
      if (before === undefined) continue;
      const mayRepeat = before.end === null || before.end.outcome !== "retry";
      if (!mayRepeat) continue;
      const { node } = before.start;
      const isExcused = windows.touches(node, before.start.atMs, before.overAtMs + limits.graceMs);
      if (isExcused || before.end?.outcome === "ranAway") allowed++;
      else {
        const how = before.end === null ? "did not end" : `ended as ${before.end.outcome}`;
        const message = `attempt ${span.start.attempt} after one that ${how}, without a fault`;
        violations.push(violation("S6", span.start.key, message));
      }
    }
  }
  return { violations, allowed };
}
