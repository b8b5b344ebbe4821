import type { Clock } from "../src/index.ts";
import { sleep, TIMER_DELAY_MAX_MS } from "../src/index.ts";

function setup() {
  const timers: { delayMs: number; fire: () => void; cancelled: boolean }[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    setTimer(delayMs, fire) {
      const timer = { delayMs, fire, cancelled: false };
      timers.push(timer);
      return { cancel: () => void (timer.cancelled = true) };
    },
  };
  return { clock, timers };
}

describe("sleep", () => {
  it("ends when its timer fires", async () => {
    const { clock, timers } = setup();
    const slept = sleep(clock, 50);
    expect(timers).toMatchObject([{ delayMs: 50 }]);
    timers[0]!.fire();
    await slept;
  });

  it("ends when the signal aborts, and cancels its timer", async () => {
    const { clock, timers } = setup();
    const controller = new AbortController();
    const slept = sleep(clock, 50, controller.signal);
    controller.abort();
    await slept;
    expect(timers).toMatchObject([{ cancelled: true }]);
  });

  it("does not begin when the signal has aborted", async () => {
    const { clock, timers } = setup();
    await sleep(clock, 50, AbortSignal.abort());
    expect(timers).toEqual([]);
  });

  it("asks for no longer timer than there is", () => {
    const { clock, timers } = setup();
    void sleep(clock, Infinity);
    expect(timers).toMatchObject([{ delayMs: TIMER_DELAY_MAX_MS }]);
  });
});
