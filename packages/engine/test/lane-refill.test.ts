import { lowerBoundKey, type TaskKey } from "@horae/core";
import { FakeClock, MemoryStore } from "@horae/testkit";
import { LaneRefill } from "../src/lane-refill.ts";
import { LoadedTask } from "../src/loaded-task.ts";
import { RoomMaker } from "../src/make-room.ts";
import { TaskMemory } from "../src/task-memory.ts";
import { Faults } from "./faults.ts";
import { memoryContext } from "./memory-context.ts";
import { keyOf, requestOf } from "./rows.ts";

const BUCKET = { partition: 0, bucket: 0 };

let store: MemoryStore;
let faults: Faults;
let memory: TaskMemory;
let refill: LaneRefill;

beforeEach(() => {
  store = new MemoryStore();
  faults = new Faults(store);
  const context = memoryContext(new FakeClock(50), store);
  memory = new TaskMemory(context, null);
  memory.unloadedFrom = null;
  memory.advanceTo(lowerBoundKey(100));
  refill = new LaneRefill({
    context,
    memory,
    roomMaker: new RoomMaker(memory, context),
    loader: { takeRow: (row) => memory.add(LoadedTask.fromRow(row)!) === "added" },
    onError: (error) => {
      throw error;
    },
  });
});

/** Rows of lane `a`, which has left out those below the read position. */
async function leaveOut(keys: readonly TaskKey[]): Promise<void> {
  const rows = keys.map((key) => ({ key, request: requestOf() }));
  await store.persistTasks({ ...BUCKET, timestamp: 1, rows });
  const summary = { state: "open", lowKey: keys[0]!, exceptions: [], lastFinishMs: null } as const;
  await store.writeSummary({ ...BUCKET, timestamp: 1, summary });
  memory.add(new LoadedTask(keyOf(1), requestOf(), null));
  for (const key of keys) if (memory.passes(key)) memory.leaveOut(memory.laneById("a")!, key);
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Fills memory up with tasks of other lanes. */
function fillUp(): void {
  for (let lane = 0; !memory.room.isFull; lane++) {
    memory.add(new LoadedTask(keyOf(10, "u", `full${lane}`), requestOf(), null));
  }
}

const times = (): number[] => [...memory.tasks()].map(({ key }) => key.scheduledTimeMs);

describe("a refill", () => {
  it("brings back what its lane has left out, up to the read position", async () => {
    await leaveOut([keyOf(20), keyOf(60), keyOf(120)]);
    refill.tick(50);
    await settled();
    expect(times()).toEqual([1, 20, 60]);
    expect(memory.leftOutLanes.size).toBe(0);
  });

  it("brings one row though a load has filled memory while it read, and remembers where it goes on", async () => {
    await leaveOut([keyOf(20), keyOf(60)]);
    const read = faults.hold("loadTasks", "after");
    refill.tick(50);
    await settled();
    fillUp();
    read.release();
    await settled();
    const lane = memory.laneById("a")!;
    expect(lane.tasks.map(({ key }) => key.scheduledTimeMs)).toEqual([1, 20]);
    expect(lane.leftOutFrom).toEqual(keyOf(60));
  });

  it("is over when all is back that was left out, though the read position moved on while it read", async () => {
    await leaveOut([keyOf(20), keyOf(60)]);
    const read = faults.hold("loadTasks", "after");
    refill.tick(50);
    await settled();
    memory.advanceTo(lowerBoundKey(130));
    read.release();
    await settled();
    expect(times()).toEqual([1, 20, 60]);
    expect(memory.leftOutLanes.size).toBe(0);
  });

  it("goes on with what its lane refused while a load was under way", async () => {
    await leaveOut([keyOf(20)]);
    memory.announcedTo = lowerBoundKey(200);
    const late = { key: keyOf(150), request: requestOf() };
    await store.persistTasks({ ...BUCKET, timestamp: 2, rows: [late] });
    expect(memory.add(new LoadedTask(late.key, late.request, null))).toBe("left-out");
    refill.tick(50);
    await settled();
    expect(times()).toEqual([1, 20]);
    memory.announcedTo = null;
    memory.advanceTo(lowerBoundKey(200));
    refill.tick(50);
    await settled();
    expect(times()).toEqual([1, 20, 150]);
    expect(memory.leftOutLanes.size).toBe(0);
  });

  it("begins at what a hungry lane has left out, not at what one has that is nearly full", async () => {
    for (let task = 0; task < 30; task++) {
      memory.add(new LoadedTask(keyOf(2, `u${task}`, "b"), requestOf(), null));
    }
    memory.leaveOut(memory.laneById("b")!, keyOf(10, "u", "b"));
    await leaveOut([keyOf(60)]);
    refill.tick(50);
    await settled();
    const [call] = faults.calls.filter(({ operation }) => operation === "loadTasks");
    expect(call!.args[0]).toMatchObject({ from: keyOf(60) });
    expect(times()).toContain(60);
    expect(memory.laneById("b")!.leftOutFrom).toEqual(keyOf(10, "u", "b"));
  });

  it("brings nothing from above a read position that moved down while it read", async () => {
    await leaveOut([keyOf(20), keyOf(60)]);
    const read = faults.hold("loadTasks", "after");
    refill.tick(50);
    await settled();
    expect(read.call).toBeDefined();
    memory.lowerTo(keyOf(40));
    read.release();
    await settled();
    expect(times()).toEqual([1, 20]);
    expect(memory.unloadedFrom).toEqual(keyOf(40));
  });
});
