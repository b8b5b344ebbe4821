import { lowerBoundKey } from "@horae/core";
import { FakeClock, MemoryStore } from "@horae/testkit";
import { LoadedTask } from "../src/loaded-task.ts";
import { RoomMaker } from "../src/make-room.ts";
import { DEFAULT_ENGINE_SETTINGS } from "../src/settings.ts";
import { SleeperReread } from "../src/sleeper-reread.ts";
import { Sleepers } from "../src/sleepers.ts";
import { TaskMemory } from "../src/task-memory.ts";
import { memoryContext } from "./memory-context.ts";
import { keyOf, loadedTask, requestOf, statusOf } from "./rows.ts";

const { lookAheadMs } = DEFAULT_ENGINE_SETTINGS;
const BUCKET = { partition: 0, bucket: 0 };
const SKIP = { onRetry: "skip" } as const;

describe("a bucket that is read again for its sleepers", () => {
  it("brings those that have left memory since a load under way was announced", async () => {
    const clock = new FakeClock(500);
    const store = new MemoryStore();
    const context = memoryContext(clock, store);
    const memory = new TaskMemory(context, null);
    const sleepers = new Sleepers(context);
    const key = keyOf(90);
    const status = statusOf({ nextAttemptAtMs: clock.nowMs() + lookAheadMs + 1 });
    const rows = [{ key, request: requestOf({ options: SKIP }) }];
    await store.persistTasks({ ...BUCKET, timestamp: 1, rows });
    await store.recordStatuses({ ...BUCKET, timestamp: 2, rows: [{ key, status }] });
    const summary = { state: "open", lowKey: key, exceptions: [], lastFinishMs: null } as const;
    await store.writeSummary({ ...BUCKET, timestamp: 1, summary });

    memory.advanceTo(lowerBoundKey(70));
    memory.announcedTo = lowerBoundKey(110);
    expect(sleepers.takes(loadedTask(key, { options: SKIP, status }))).toBe(true);
    await clock.advance(1);
    const reread = new SleeperReread({
      context,
      memory,
      roomMaker: new RoomMaker(memory, context),
      sleepers,
      loader: { takeRow: (row) => memory.add(LoadedTask.fromRow(row)!) === "added" },
      onError: (error) => {
        throw error;
      },
    });
    reread.tick(clock.nowMs());
    await clock.advance(0);
    expect([...memory.tasks()].map((task) => task.key)).toEqual([key]);
  });
});
