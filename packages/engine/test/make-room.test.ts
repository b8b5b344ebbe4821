import { lowerBoundKey } from "@horae/core";
import { EventRecorder, FakeClock } from "@horae/testkit";
import { RoomMaker } from "../src/make-room.ts";
import { DEFAULT_ENGINE_SETTINGS } from "../src/settings.ts";
import { TaskMemory } from "../src/task-memory.ts";
import { keyOf, loadedTask } from "./rows.ts";

let clock: FakeClock;
let memory: TaskMemory;
let roomMaker: RoomMaker;

beforeEach(() => {
  clock = new FakeClock();
  const settings = { ...DEFAULT_ENGINE_SETTINGS, loadedTasksMax: 4 };
  const context = { partition: 0, settings, clock, telemetry: new EventRecorder() };
  memory = new TaskMemory(context, null);
  memory.advanceTo(lowerBoundKey(100));
  roomMaker = new RoomMaker(memory, context);
});

function run(orderingId: string): void {
  const running = loadedTask(keyOf(10, "running", orderingId));
  memory.add(running);
  memory.occupyLane(running);
  for (const key of ["next", "last"]) memory.add(loadedTask(keyOf(20, key, orderingId)));
}

describe("a memory that has too little room", () => {
  it("asks for nothing while it has enough", () => {
    run("a");
    expect(roomMaker.dropBlocked(0.5)).toBe(Infinity);
    expect(memory.room.tasks).toBe(2);
  });

  it("looks again when an attempt will have been running for long, and drops what waits behind it", async () => {
    run("a");
    await clock.advance(400);
    run("b");
    expect(roomMaker.dropBlocked(0.5)).toBe(clock.nowMs() + 600);
    expect(memory.room.tasks).toBe(4);
    await clock.advance(600);
    roomMaker.dropBlocked(0.5);
    expect(memory.laneById("a")!.tasks).toHaveLength(1);
    expect(memory.room.tasks).toBe(2);
  });

  it("says when it looks again if it has just looked", async () => {
    for (const lane of ["a", "b"]) run(lane);
    roomMaker.dropBlocked(0.5);
    await clock.advance(100);
    expect(roomMaker.dropBlocked(0.5)).toBe(clock.nowMs() + 150);
  });
});
