import { StartedKeys } from "../src/started-keys.ts";
import { keyOf } from "./rows.ts";

describe("StartedKeys", () => {
  it("asks for a look at or below the highest key that earlier owners started", () => {
    const started = new StartedKeys(10, keyOf(100));
    expect(started.find(keyOf(100))).toBe("look");
    expect(started.find(keyOf(101))).toBe("never-started");
  });

  it("remembers finished keys and raises its floor with each that it forgets", () => {
    const started = new StartedKeys(2, null);
    for (const time of [10, 20, 30]) started.add(keyOf(time), true);
    expect(started.find(keyOf(30))).toBe("finished");
    expect(started.find(keyOf(10))).toBe("look");
    expect(started.find(keyOf(9))).toBe("look");
    expect(started.find(keyOf(11))).toBe("never-started");
  });

  it("asks for a look at a started task that left memory unfinished", () => {
    const started = new StartedKeys(2, null);
    started.add(keyOf(10), false);
    expect(started.find(keyOf(10))).toBe("look");
  });
});
