import { FakeClock } from "@horae/testkit";
import { DEFAULT_ENGINE_SETTINGS } from "../src/settings.ts";
import { Sleepers } from "../src/sleepers.ts";
import { keyOf, loadedTask, statusOf } from "./rows.ts";

const SKIP = { onRetry: "skip" } as const;

describe("the sleepers of a bucket", () => {
  const clock = new FakeClock(0);
  const settings = { ...DEFAULT_ENGINE_SETTINGS, exceptionsMax: 2 };
  const asleep = statusOf({ nextAttemptAtMs: settings.lookAheadMs + 1 });
  let sleepers: Sleepers;

  beforeEach(() => {
    sleepers = new Sleepers({ bucketMs: 1_000, clock, settings });
  });

  it("are the tasks under `skip` whose next attempt lies beyond the look-ahead", () => {
    const soon = statusOf({ nextAttemptAtMs: settings.lookAheadMs });
    expect(sleepers.takes(loadedTask(keyOf(1), { options: SKIP, status: soon }))).toBe(false);
    expect(sleepers.takes(loadedTask(keyOf(1), { status: asleep }))).toBe(false);
    expect(sleepers.takes(loadedTask(keyOf(1), { options: SKIP, status: asleep }))).toBe(true);
  });

  it("are known by their keys as far as they fit, each once", () => {
    for (const atMs of [1, 2, 1, 5, 4]) {
      sleepers.takes(loadedTask(keyOf(atMs), { options: SKIP, status: asleep }));
    }
    expect([...sleepers.keys(0)]).toEqual([keyOf(1), keyOf(2)]);
    expect(sleepers.bound(0)).toEqual(keyOf(4));
  });
});
