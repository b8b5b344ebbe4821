import type { TaskKey } from "@horae/core";
import { bucketOf, compareTaskKeys, formatTaskKey, partitionOf } from "@horae/core";
import { MemoryStore, statusCells, succeededCells, taskRequest } from "@horae/testkit";
import fc from "fast-check";
import { listStale } from "../../src/listing/list-tasks.ts";
import { parsePageToken } from "../../src/listing/page-token.ts";

const QUEUE = { partitions: 3, bucketMs: 100 };

interface Stored {
  readonly key: TaskKey;
  readonly state: "waiting" | "retrying" | "finished";
}

const storedTask: fc.Arbitrary<Stored> = fc.record({
  key: fc.record({
    scheduledTimeMs: fc.integer({ min: 0, max: 600 }),
    orderingId: fc.constantFrom("a", "b", "c", "d"),
    uniquenessKey: fc.constantFrom("1", "2", "3"),
  }),
  state: fc.constantFrom("waiting", "retrying", "finished", "finished"),
});

/** Rows, and summaries as an owner might have left them: true, and as tight as `exceptions` says. */
async function storeOf(tasks: readonly Stored[], exceptionsMax: number): Promise<MemoryStore> {
  const store = new MemoryStore();
  const buckets = new Map<string, Stored[]>();
  for (const task of tasks) {
    const partition = partitionOf(task.key.orderingId, QUEUE.partitions);
    const bucket = bucketOf(task.key, QUEUE.bucketMs);
    const at = { partition, bucket, timestamp: 1 };
    await store.persistTasks({ ...at, rows: [{ key: task.key, request: taskRequest() }] });
    const status = task.state === "retrying" ? statusCells() : succeededCells();
    if (task.state !== "waiting")
      await store.recordStatuses({ ...at, rows: [{ key: task.key, status }] });
    const name = `${partition}/${bucket}`;
    buckets.set(name, [...(buckets.get(name) ?? []), task]);
  }
  for (const [name, rows] of buckets) {
    const [partition, bucket] = name.split("/").map(Number) as [number, number];
    const unfinished = rows
      .filter(({ state }) => state !== "finished")
      .map(({ key }) => key)
      .toSorted(compareTaskKeys);
    const exceptions = unfinished.slice(0, exceptionsMax);
    const lowKey = unfinished[exceptionsMax] ?? null;
    const summary = { lowKey, exceptions, state: "open", lastFinishMs: null } as const;
    await store.writeSummary({ partition, bucket, timestamp: 1, summary });
  }
  return store;
}

test("stale tasks are the unfinished ones that were due before, each once and in order", async () => {
  const tasks = fc.uniqueArray(storedTask, {
    selector: ({ key }) => formatTaskKey(key),
    maxLength: 80,
  });
  const before = fc.integer({ min: 1, max: 700 });
  const limit = fc.integer({ min: 1, max: 3 });
  const property = fc.asyncProperty(
    tasks,
    before,
    limit,
    fc.integer({ min: 0, max: 30 }),
    async (stored, beforeMs, limitOf, exceptionsMax) => {
      const store = await storeOf(stored, exceptionsMax);
      const source = { store, queue: QUEUE, isRunning: () => false };
      const found: string[] = [];
      let after = null;
      for (let pages = 0; ; pages++) {
        expect(pages).toBeLessThan(200);
        const page = await listStale(source, { beforeMs, limit: limitOf, after });
        found.push(...page.tasks.map(({ key }) => key));
        if (page.nextPageToken === null) break;
        after = parsePageToken(page.nextPageToken);
      }
      const wanted = stored
        .filter(({ key, state }) => state !== "finished" && key.scheduledTimeMs < beforeMs)
        .map(({ key }) => key)
        .toSorted(compareTaskKeys);
      expect(found).toEqual(wanted.map(formatTaskKey));
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test("finished tasks cost nothing", async () => {
  const tasks = Array.from({ length: 500 }, (_, n) => ({
    key: { scheduledTimeMs: n, orderingId: "a", uniquenessKey: "1" },
    state: n === 250 ? ("waiting" as const) : ("finished" as const),
  }));
  const store = await storeOf(tasks, 10);
  const source = { store, queue: QUEUE, isRunning: () => false };
  const page = await listStale(source, { beforeMs: 1_000, limit: 10, after: null });
  expect(page.tasks).toHaveLength(1);
  expect(page.rowsRead).toBe(1);
});
