import { bucketOf, EMPTY_SUMMARY, type TaskKey } from "@horae/core";
import { BUCKET_MS, EngineBench } from "./engine-bench.ts";
import { Faults } from "./faults.ts";
import { requestOf, statusOf } from "./rows.ts";

const SETTINGS = { auditEveryMs: 10_000 };

let bench: EngineBench;

beforeEach(() => {
  bench = new EngineBench();
});

afterEach(async () => {
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

describe("the auditor", () => {
  it("finds an overdue task that neither memory nor index knows, says so, and has it run", async () => {
    await bench.engine(SETTINGS).start();
    const { scheduledTimeMs } = await bench.schedule({ uniquenessKey: "known" });
    await bench.untilFinished(1);
    await bench.clock.advance(2 * BUCKET_MS);
    // As a bug, or somebody who writes into the tables, might leave it.
    const key: TaskKey = { scheduledTimeMs, orderingId: "b", uniquenessKey: "forgotten" };
    const bucket = bucketOf(key, BUCKET_MS);
    const rows = [{ key, request: requestOf() }];
    await bench.store.persistTasks({ partition: 0, bucket, timestamp: 1, rows });
    await bench.untilFinished(2);
    expect(bench.events.of("taskForgotten")).toMatchObject([{ partition: 0, key }]);
    expect(bench.startedKeys()).toEqual(["a/known", "b/forgotten"]);
    await bench.clock.advance(60_000);
    expect(bench.events.count("taskForgotten")).toBe(1);
  });

  it("has it run by a memory that is more than half full of tasks that come after it", async () => {
    await bench.engine({ ...SETTINGS, loadedTasksMax: 10, lookAheadMs: 60_000 }).start();
    const { scheduledTimeMs } = await bench.schedule({ uniquenessKey: "known" });
    await bench.untilFinished(1);
    for (let task = 0; task < 8; task++) {
      await bench.schedule({ atMs: 50_000, orderingId: `o${task}` });
    }
    await bench.clock.advance(1_000);
    const key: TaskKey = { scheduledTimeMs, orderingId: "b", uniquenessKey: "forgotten" };
    const rows = [{ key, request: requestOf() }];
    const at = { partition: 0, bucket: bucketOf(key, BUCKET_MS) };
    await bench.store.persistTasks({ ...at, timestamp: 1, rows });
    await bench.untilFinished(10, 120_000);
    expect(bench.events.of("taskForgotten")).toMatchObject([{ partition: 0, key }]);
  });

  it("does not judge by the memory of an epoch that ended while it read", async () => {
    const engine = bench.engine(SETTINGS);
    await engine.start();
    const key = await bench.schedule({ uniquenessKey: "known" });
    await bench.untilFinished(1);
    // In the bucket of the present, whose rows are the last that a page reads.
    await bench.clock.advance(BUCKET_MS / 2);
    const held = new Faults(bench.store).hold("loadTasks", "after");
    const rows = [{ key: { ...key, orderingId: "b" }, request: requestOf() }];
    const at = { partition: 0, bucket: bucketOf(key, BUCKET_MS) };
    await bench.store.persistTasks({ ...at, timestamp: 1, rows });
    await bench.clock.advanceUntil(() => held.call !== undefined);
    await bench.stop([engine]);
    held.release();
    await bench.clock.advance(1_000);
    expect(bench.events.of("taskForgotten")).toEqual([]);
  });

  it("says how long the oldest unfinished task has been due", async () => {
    await bench.engine(SETTINGS).start();
    await bench.schedule({}, { type: "unhandled" });
    await bench.clock.advance(100_000);
    const { overdueMs, rows } = bench.events.of("audited").at(-1)!;
    expect(rows).toBe(1);
    expect(overdueMs).toBeGreaterThanOrEqual(90_000);
    expect(bench.events.count("taskForgotten")).toBe(0);
  });

  it("is silent about what memory knows: retries, left-out tasks, sleepers, stuck lanes", async () => {
    bench.onTask(({ key }) => {
      if (key.endsWith("/fails")) throw new Error("no");
    });
    const sleeper = { onRetry: "skip", backoff: { initialMs: 30_000, jitter: 0 } } as const;
    await bench.engine({ ...SETTINGS, laneTasksMax: 2, loadedTasksMax: 8, loadRowsMax: 4 }).start();
    for (let at = 0; at < 20; at++) {
      await bench.schedule({ orderingId: "stuck", uniquenessKey: `u${at}` }, { type: "unhandled" });
    }
    for (let at = 0; at < 5; at++) {
      await bench.schedule({ orderingId: `s${at}`, uniquenessKey: "fails" }, { options: sleeper });
    }
    await bench.clock.advance(300_000);
    expect(bench.events.count("audited")).toBeGreaterThan(20);
    expect(bench.events.of("taskForgotten")).toEqual([]);
  });

  it("goes through many rows a page at a time, and begins again", async () => {
    const nowMs = bench.clock.nowMs();
    const at = { partition: 0, bucket: bucketOf({ scheduledTimeMs: nowMs }, BUCKET_MS) };
    const keys = Array.from({ length: 25 }, (_, n) => ({
      scheduledTimeMs: nowMs,
      orderingId: "a",
      uniquenessKey: `u${n}`,
    }));
    const requests = keys.map((key) => ({ key, request: requestOf() }));
    await bench.store.persistTasks({ ...at, timestamp: 1, rows: requests });
    const status = statusOf({ status: "succeeded", finishedAtMs: nowMs });
    const rows = keys.map((key) => ({ key, status }));
    await bench.store.recordStatuses({ ...at, timestamp: 2, rows });
    await bench.store.writeSummary({ ...at, timestamp: 3, summary: EMPTY_SUMMARY });
    await bench.engine({ ...SETTINGS, auditRowsMax: 10 }).start();
    await bench.clock.advance(100_000);
    const pages = bench.events.of("audited").map((page) => page.rows);
    expect(pages.slice(pages.indexOf(10)).slice(0, 6)).toEqual([10, 10, 5, 10, 10, 5]);
  });
});
