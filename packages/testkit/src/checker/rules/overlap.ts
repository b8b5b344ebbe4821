import { groupSpans } from "../attempts.ts";
import type { CheckedHistory } from "../check-history.ts";
import type { Violation } from "../history.ts";
import { violation } from "../violation.ts";

/**
 * S10: inside an epoch no two attempts of an ordering id overlap. S11: across epochs only those of an
 * owner that has not noticed its loss, within a fault, and for so long at the most.
 */
export function checkOverlap({ spans, windows, limits }: CheckedHistory): {
  violations: Violation[];
  zombies: number;
} {
  const violations: Violation[] = [];
  let zombies = 0;
  for (const ofId of groupSpans(spans, ({ key }) => key.orderingId).values()) {
    // Those that may still run when the next one starts; mostly one.
    let running: typeof ofId = [];
    for (const span of ofId) {
      running = running.filter((other) => other.overAtMs > span.start.atMs);
      for (const other of running) {
        // Given up at its time-out, a handler may go on for ever: counted by the engine.
        if (other.end?.outcome === "ranAway") continue;
        const forMs = Math.min(other.overAtMs, span.overAtMs) - span.start.atMs;
        const names = `attempt ${span.start.attempt} beside one of ${other.start.node}, ${forMs} ms`;
        if (other.start.epoch === span.start.epoch) {
          violations.push(violation("S10", span.start.key, names));
        } else if (
          forMs > limits.zombieMs ||
          !windows.touches(other.start.node, other.start.atMs, span.start.atMs)
        ) {
          violations.push(violation("S11", span.start.key, names));
        } else zombies++;
      }
      running = [...running, span];
    }
  }
  return { violations, zombies };
}
