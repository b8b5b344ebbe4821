import { taskKeyToken } from "@horae/core";
import { groupSpans } from "../attempts.ts";
import type { CheckedHistory } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/** S20: never early, by the wall clock of the node that runs it. L2: how late, where all is calm. */
export function checkTimes({ spans, windows, limits, calls }: CheckedHistory): {
  violations: Violation[];
  calmLatenesses: number[];
} {
  const violations: Violation[] = [];
  const calmLatenesses: number[] = [];
  for (const { start } of spans) {
    const earlyMs = start.key.scheduledTimeMs - start.wallMs;
    if (earlyMs <= limits.earlyMs) continue;
    violations.push(violation("S20", start.key, `started ${earlyMs} ms early`));
  }
  for (const [token, [first]] of groupSpans(spans, ({ key }) => taskKeyToken(key))) {
    const ackedAtMs = calls.get(token)?.[0]?.answeredAtMs;
    if (first === undefined || ackedAtMs == null) continue;
    const { node, atMs, wallMs, key } = first.start;
    if (windows.touches(node, ackedAtMs, atMs)) continue;
    calmLatenesses.push(Math.min(wallMs - key.scheduledTimeMs, Math.max(0, atMs - ackedAtMs)));
  }
  return { violations, calmLatenesses: calmLatenesses.toSorted((a, b) => a - b) };
}
