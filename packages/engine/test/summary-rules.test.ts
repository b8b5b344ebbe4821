import { type BucketSummary, compareTaskKeys, lowerBoundKey, type TaskKey } from "@horae/core";
import fc from "fast-check";
import { covers, type OpenKey, planLowering, planRaising } from "../src/summary-rules.ts";
import { keyOf } from "./rows.ts";

const LIMITS = { exceptionsMax: 3, exceptionBytesMax: 10_000 };
const END_MS = 100;

function summaryOf(lowKey: TaskKey | null, exceptions: TaskKey[] = []): BucketSummary {
  return { lowKey, exceptions, state: "open", lastFinishMs: null };
}

function lower(current: BucketSummary, keys: TaskKey[], isAhead = false): BucketSummary | null {
  return planLowering({ current, keys, startMs: 0, isAhead, limits: LIMITS });
}

function raise(
  current: BucketSummary,
  open: OpenKey[],
  top: TaskKey = lowerBoundKey(END_MS),
): BucketSummary | null {
  return planRaising({ current, open, top, endMs: END_MS, lastFinishMs: null, limits: LIMITS });
}

const plain = (key: TaskKey): OpenKey => ({ key, mayBeException: false });
const stuck = (key: TaskKey): OpenKey => ({ key, mayBeException: true });

describe("planLowering", () => {
  it("changes nothing when every key is covered", () => {
    expect(lower(summaryOf(keyOf(5), [keyOf(1)]), [keyOf(5), keyOf(9), keyOf(1)])).toBeNull();
  });

  it("gives a bucket ahead its first instant, so that it is written once", () => {
    expect(lower(summaryOf(null), [keyOf(70)], true)?.lowKey).toEqual(lowerBoundKey(0));
  });

  it("starts a new bucket at its first key", () => {
    expect(lower(summaryOf(null), [keyOf(7), keyOf(3)])?.lowKey).toEqual(keyOf(3));
  });

  it("makes single keys below the low key exceptions, because the ground in between is finished", () => {
    expect(lower(summaryOf(keyOf(50)), [keyOf(7)])).toEqual(summaryOf(keyOf(50), [keyOf(7)]));
  });

  it("lowers the low key when there are too many exceptions", () => {
    const lowered = lower(summaryOf(keyOf(50), [keyOf(1), keyOf(2)]), [keyOf(7), keyOf(8)]);
    expect(lowered).toEqual(summaryOf(keyOf(7), [keyOf(1), keyOf(2)]));
  });
});

describe("planRaising", () => {
  it("says END when nothing of the whole bucket is open", () => {
    expect(raise(summaryOf(keyOf(3)), [])).toEqual(summaryOf(null));
  });

  it("stops at the first open key", () => {
    expect(raise(summaryOf(keyOf(3)), [plain(keyOf(40)), plain(keyOf(60))])?.lowKey).toEqual(
      keyOf(40),
    );
  });

  it("never passes the bound below which memory is complete", () => {
    expect(raise(summaryOf(keyOf(3)), [], keyOf(20))?.lowKey).toEqual(keyOf(20));
  });

  it("moves on past a stuck task, which becomes an exception", () => {
    const raised = raise(summaryOf(keyOf(3)), [stuck(keyOf(4)), plain(keyOf(40))]);
    expect(raised).toEqual(summaryOf(keyOf(40), [keyOf(4)]));
  });

  it("waits when there are more stuck tasks than exceptions", () => {
    const open = [1, 2, 3, 4, 5].map((time) => stuck(keyOf(time)));
    expect(raise(summaryOf(keyOf(0)), open)?.lowKey).toEqual(keyOf(4));
  });

  it("keeps exceptions above the bound: memory does not know them", () => {
    const current = summaryOf(null, [keyOf(5), keyOf(30)]);
    expect(raise(current, [], keyOf(20))).toEqual(summaryOf(null, [keyOf(30)]));
  });

  it("leaves a key that is not covered yet to the lowering", () => {
    expect(raise(summaryOf(keyOf(50)), [plain(keyOf(7))])).toBeNull();
  });

  it("covers every open key, and never falls", () => {
    const time = fc.integer({ min: 0, max: END_MS - 1 });
    const scenario = fc.record({
      low: fc.option(time),
      exceptions: fc.uniqueArray(time, { maxLength: 3 }),
      openAbove: fc.array(fc.record({ time, isStuck: fc.boolean() }), { maxLength: 8 }),
      keptExceptions: fc.integer({ min: 0, max: 3 }),
      top: fc.integer({ min: 0, max: END_MS + 10 }),
    });
    fc.assert(
      fc.property(scenario, (given) => {
        const lowKey = given.low === null ? null : keyOf(given.low);
        const isBelowLow = (at: number): boolean => given.low === null || at < given.low;
        const exceptions = given.exceptions
          .filter(isBelowLow)
          .toSorted((a, b) => a - b)
          .map((at) => keyOf(at));
        const current = summaryOf(lowKey, exceptions);
        const open = [
          ...given.openAbove.filter(({ time: at }) => !isBelowLow(at)),
          ...exceptions
            .slice(0, given.keptExceptions)
            .map((key) => ({ time: key.scheduledTimeMs, isStuck: false })),
        ].map(({ time: at, isStuck }) => ({ key: keyOf(at), mayBeException: isStuck }));
        const raised = raise(current, open, lowerBoundKey(given.top));
        if (raised === null) return;
        for (const { key } of open) expect(covers(raised, key)).toBe(true);
        // What memory does not know stays covered as it was.
        for (const key of exceptions) {
          if (key.scheduledTimeMs >= given.top) expect(covers(raised, key)).toBe(true);
        }
        if (lowKey !== null && raised.lowKey !== null) {
          expect(compareTaskKeys(raised.lowKey, lowKey)).toBeGreaterThanOrEqual(0);
        }
        expect(raised.exceptions.length).toBeLessThanOrEqual(LIMITS.exceptionsMax);
      }),
      { numRuns: 2_000 },
    );
  });
});
