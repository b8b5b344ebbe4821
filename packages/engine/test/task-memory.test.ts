import { lowerBoundKey } from "@horae/core";
import { EventRecorder, FakeClock } from "@horae/testkit";
import { DEFAULT_ENGINE_SETTINGS } from "../src/settings.ts";
import { TaskMemory } from "../src/task-memory.ts";
import { keyOf, loadedTask } from "./rows.ts";

const clock = new FakeClock();
let memory: TaskMemory;

beforeEach(() => {
  const settings = DEFAULT_ENGINE_SETTINGS;
  memory = new TaskMemory({ partition: 0, settings, clock, telemetry: new EventRecorder() }, null);
  memory.advanceTo(lowerBoundKey(100));
});

describe("the offers of a memory", () => {
  it("come in the order of their times, each lane once until it is touched", () => {
    const late = loadedTask(keyOf(20, "u", "a"));
    const early = loadedTask(keyOf(10, "u", "b"));
    for (const task of [late, early]) memory.add(task);
    expect(memory.takeOffer(100)?.offer.task).toBe(early);
    expect(memory.takeOffer(100)?.offer.task).toBe(late);
    expect(memory.takeOffer(100)).toBeNull();
    memory.touch(memory.lane(early));
    expect(memory.takeOffer(15)?.offer.task).toBe(early);
  });

  it("are not lost when the read position moves down below them and comes back (simulation 405)", () => {
    const task = loadedTask(keyOf(50));
    memory.add(task);
    memory.lowerTo(lowerBoundKey(40));
    expect(memory.takeOffer(100)).toBeNull();
    memory.advanceTo(lowerBoundKey(60));
    expect(memory.takeOffer(100)?.offer.task).toBe(task);
  });
});
