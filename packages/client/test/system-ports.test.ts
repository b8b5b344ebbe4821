import { systemClock, systemRandom } from "../src/index.ts";

describe("the system's clock", () => {
  it.each([0, 1, 5])("fires after at least %d ms, and never at once", async (delayMs) => {
    for (let n = 0; n < 20; n++) {
      const fromMs = systemClock.monotonicMs();
      let hasReturned = false;
      await new Promise<void>((resolve) => {
        systemClock.setTimer(delayMs, () => {
          expect(hasReturned).toBe(true);
          resolve();
        });
        hasReturned = true;
      });
      expect(systemClock.monotonicMs() - fromMs).toBeGreaterThanOrEqual(delayMs);
    }
  });

  it("does not fire when cancelled", async () => {
    let fired = 0;
    const timers = [0, 1].map((delayMs) => systemClock.setTimer(delayMs, () => fired++));
    for (const timer of timers) timer.cancel();
    await new Promise<void>((resolve) => void systemClock.setTimer(5, resolve));
    expect(fired).toBe(0);
  });
});

describe("the system's randomness", () => {
  it("makes tokens that are safe in URLs and differ", () => {
    const tokens = Array.from({ length: 2_000 }, () => systemRandom.token());
    expect(new Set(tokens).size).toBe(tokens.length);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{22}$/);
  });

  it("makes numbers in [0, 1), evenly", () => {
    const numbers = Array.from({ length: 20_000 }, () => systemRandom.next());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});
