import fc from "fast-check";
import { DURATION_MAX_MS, retryDelayMs, SeededRandom, TIMER_DELAY_MAX_MS } from "../src/index.ts";

const noJitter = { initialMs: 1_000, factor: 2, maxMs: 600_000, jitter: 0 };
const random = { next: () => 0.5, token: () => "" };

describe("retryDelayMs", () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [10, 512_000],
    [11, 600_000],
    [1_000, 600_000],
    [Number.MAX_SAFE_INTEGER, 600_000],
  ])("after attempt %d is %d", (attempt, delayMs) => {
    expect(retryDelayMs({ backoff: noJitter, attempt }, random)).toBe(delayMs);
  });

  it("takes the jitter off", () => {
    const backoff = { ...noJitter, jitter: 0.2 };
    expect(retryDelayMs({ backoff, attempt: 2 }, random)).toBe(1_800);
    expect(retryDelayMs({ backoff, attempt: 99 }, random)).toBe(540_000);
  });

  it("is 0 for ever when it begins with 0", () => {
    const backoff = { ...noJitter, initialMs: 0 };
    expect(retryDelayMs({ backoff, attempt: 10_000 }, random)).toBe(0);
  });

  it("is an integer between the jittered delay and the cap, whatever the policy", () => {
    const backoff = fc.record({
      initialMs: fc.integer({ min: 0, max: DURATION_MAX_MS }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxMs: fc.integer({ min: 0, max: DURATION_MAX_MS }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const attempt = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.maxSafeInteger().map(Math.abs));
    fc.assert(
      fc.property(backoff, attempt, fc.integer(), (policy, number, seed) => {
        const given = { backoff: policy, attempt: Math.max(1, number) };
        const delayMs = retryDelayMs(given, new SeededRandom(seed));
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(policy.maxMs);
        const least = Math.min(policy.initialMs, policy.maxMs) * (1 - policy.jitter);
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(least));
      }),
      { numRuns: 300 },
    );
  });

  it("fits a timer even for limits that validation would refuse", () => {
    const backoff = { initialMs: 1e300, factor: 1e300, maxMs: Infinity, jitter: 0 };
    expect(retryDelayMs({ backoff, attempt: 2 ** 53 }, random)).toBe(TIMER_DELAY_MAX_MS);
  });
});
