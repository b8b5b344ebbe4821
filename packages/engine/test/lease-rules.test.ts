import type { Lease } from "@horae/core";
import fc from "fast-check";
import { acquiredLease, grantUpper, releasedLease, renewedLease } from "../src/lease-rules.ts";
import { WriteTimestamps } from "../src/write-timestamps.ts";

const HOLDER = { owner: "n#1", ownerUrl: null, periodMs: 3_000 };
const clockAt = (nowMs: number) => ({
  nowMs: () => nowMs,
  monotonicMs: () => 0,
  setTimer: () => ({ cancel: () => undefined }),
});

describe("grants of write timestamps", () => {
  it("follow the clock, and stay above what was used when the clock was set back", () => {
    expect(grantUpper(0, 1_000)).toBe(31_000_000);
    expect(grantUpper(99_000_000, 1_000)).toBe(101_000_000);
  });

  it("are disjoint between epochs and used once, whatever the clocks say", () => {
    const step = fc.record({
      nowMs: fc.integer({ min: 0, max: 10_000 }),
      writes: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        (epochs) => {
          let row: Lease | null = null;
          let highest = -1;
          for (const steps of epochs) {
            const lower: number = row?.tsUpper ?? 0;
            row = acquiredLease(row, HOLDER, steps[0]!.nowMs);
            const timestamps = new WriteTimestamps(clockAt(steps[0]!.nowMs), lower, row.tsUpper);
            for (const { nowMs, writes } of steps) {
              for (let write = 0; write < writes; write++) {
                const timestamp = timestamps.next()!;
                expect(timestamp).toBeGreaterThan(highest);
                highest = timestamp;
              }
              const next: Lease = renewedLease(row, {
                checkpoint: row.checkpoint,
                usedUpTo: timestamps.last,
                nowMs,
              });
              timestamps.extend(next.tsUpper);
              row = next;
            }
            row = releasedLease(row, { checkpoint: row.checkpoint, usedUpTo: timestamps.last });
            expect(row.tsUpper).toBeGreaterThanOrEqual(highest);
          }
        },
      ),
    );
  });

  it("are refused when the range is used up", () => {
    const timestamps = new WriteTimestamps(clockAt(0), 5, 6);
    expect([timestamps.next(), timestamps.next()]).toEqual([6, null]);
  });
});
