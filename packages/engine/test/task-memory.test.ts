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
});

describe("a read position that moves down", () => {
  it("takes what waits from there on with it, to be loaded again (simulations 405, 5426)", () => {
    const low = loadedTask(keyOf(30, "u", "b"));
    const running = loadedTask(keyOf(50, "running"));
    memory.unloadedFrom = null;
    for (const task of [low, running, loadedTask(keyOf(60, "next"))]) memory.add(task);
    running.state = "running";
    memory.occupyLane(running);
    memory.lowerTo(keyOf(40));
    expect([...memory.tasks()]).toEqual([low, running]);
    expect(memory.unloadedFrom).toEqual(keyOf(40));
    expect(memory.room.tasks).toBe(1);
    expect(memory.takeOffer(100)?.offer.task).toBe(low);
    expect(memory.takeOffer(100)).toBeNull();
  });

  it("overtakes a load that began above it", () => {
    memory.announcedTo = lowerBoundKey(200);
    memory.unloadedFrom = null;
    memory.lowerTo(keyOf(40));
    expect(memory.announcedTo).toBeNull();
    expect(memory.unloadedFrom).toEqual(keyOf(40));
  });

  it("lets a load under way come as far as what is to be loaded again", () => {
    memory.announcedTo = lowerBoundKey(200);
    memory.unloadedFrom = null;
    for (const task of [keyOf(110, "kept"), keyOf(150, "dropped")]) memory.add(loadedTask(task));
    memory.lowerTo(keyOf(150, "dropped"));
    memory.lowerTo(keyOf(170));
    expect(memory.readPosition).toEqual(lowerBoundKey(100));
    expect(memory.announcedTo).toEqual(keyOf(150, "dropped"));
    expect(memory.unloadedFrom).toEqual(keyOf(150, "dropped"));
    expect([...memory.tasks()].map(({ key }) => key.uniquenessKey)).toEqual(["kept"]);
  });
});
