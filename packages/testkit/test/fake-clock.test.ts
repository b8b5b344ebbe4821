import { sleep, type Timer } from "@horae/core";
import { FakeClock, rejection } from "../src/index.ts";

const START = Date.UTC(2030, 0, 1);

let clock: FakeClock;
let fired: string[];

beforeEach(() => {
  clock = new FakeClock(START);
  fired = [];
});

function set(name: string, delayMs: number): void {
  clock.setTimer(delayMs, () => fired.push(`${name}@${clock.monotonicMs()}`));
}

describe("a fake clock", () => {
  it("moves wall and monotonic time together", async () => {
    const before = clock.monotonicMs();
    await clock.advance(1_500);
    expect([clock.nowMs(), clock.monotonicMs() - before]).toEqual([START + 1_500, 1_500]);
  });

  it("steps the wall alone, in either direction, and fires nothing", async () => {
    set("timer", 10);
    clock.stepWall(3_600_000);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([START + 3_600_000, 0]);
    clock.stepWall(-7_200_000);
    expect(clock.nowMs()).toBe(START - 3_600_000);
    await clock.advance(9);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual(["timer@10"]);
  });

  it("fires timers in the order of their times, then in that in which they were set", async () => {
    set("c", 20);
    set("a", 10);
    set("b", 10);
    set("d", 20.5);
    await clock.advance(20);
    expect(fired).toEqual(["a@10", "b@10", "c@20"]);
    expect(clock.pendingTimers).toBe(1);
  });

  it("fires a timer with no delay, but never within the call that sets it", async () => {
    set("now", 0);
    expect(fired).toEqual([]);
    await clock.advance(0);
    expect(fired).toEqual(["now@0"]);
  });

  it("fires timers that are set while time passes, at their time", async () => {
    clock.setTimer(10, () => {
      set("same", 0);
      set("later", 5);
      set("beyond", 50);
    });
    await clock.advance(20);
    expect(fired).toEqual(["same@10", "later@15"]);
    expect(clock.monotonicMs()).toBe(20);
  });

  it("does not fire what was cancelled, also by a timer of the same instant", async () => {
    const timer = clock.setTimer(10, () => fired.push("cancelled"));
    clock.setTimer(5, () => timer.cancel());
    let second: Timer | null = null;
    clock.setTimer(10, () => second?.cancel());
    second = clock.setTimer(10, () => fired.push("cancelled too"));
    await clock.advance(100);
    expect(fired).toEqual([]);
    timer.cancel();
  });

  it("lets everything that a timer has set off settle before the next one fires", async () => {
    const work = async (name: string): Promise<void> => {
      await sleep(clock, 10);
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      fired.push(`${name}@${clock.monotonicMs()}`);
      await sleep(clock, 10);
      fired.push(`${name}@${clock.monotonicMs()}`);
    };
    void work("a");
    set("between", 11);
    await clock.advance(20);
    expect(fired).toEqual(["a@10", "between@11", "a@20"]);
  });

  it("advances until something holds, and no further", async () => {
    for (const delayMs of [10, 20, 30]) set("t", delayMs);
    await clock.advanceUntil(() => fired.length === 2);
    expect(clock.monotonicMs()).toBe(20);
    await clock.advanceUntil(() => true);
    expect(clock.monotonicMs()).toBe(20);
  });

  it("says so when what it waits for does not come", async () => {
    set("t", 10);
    const error = await rejection(clock.advanceUntil(() => false, 100));
    expect(error.message).toContain("within 100 ms");
  });

  it.each([-1, NaN, 2 ** 31, Infinity])("refuses a timer of %p ms", (delayMs) => {
    expect(() => clock.setTimer(delayMs, () => undefined)).toThrow(RangeError);
  });
});
