import { bucketOf, type TaskKey } from "@horae/core";
import { BUCKET_MS, EngineBench } from "./engine-bench.ts";
import { Faults } from "./faults.ts";

const RETENTION_MS = 3_600_000;
const SETTINGS = { retentionMs: RETENTION_MS, retentionEveryMs: 60_000 };

let bench: EngineBench;
let store: Faults;
let leases: Faults;

beforeEach(() => {
  bench = new EngineBench();
  store = new Faults(bench.store);
  leases = new Faults(bench.leases);
});

afterEach(async () => {
  for (const faults of [store, leases]) faults.releaseAll();
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

const buckets = async (): Promise<number[]> => {
  const all = { partition: 0, fromBucket: 0, toBucket: null, rowsMax: 1_000 };
  return (await bench.store.loadSummaries(all)).map(({ bucket }) => bucket);
};

const of = (key: TaskKey): number => bucketOf(key, BUCKET_MS);

/** A task that has run, and whose bucket is done. */
async function finishedOne(): Promise<TaskKey> {
  const key = await bench.schedule({ uniquenessKey: "old" });
  await bench.untilFinished(1);
  await bench.clock.advance(2 * BUCKET_MS);
  return key;
}

describe("retention", () => {
  it("deletes the rows and the index row of a bucket that is over, and no other", async () => {
    await bench.engine(SETTINGS).start();
    await finishedOne();
    const waits = await bench.schedule({ uniquenessKey: "later", atMs: 10 * RETENTION_MS });
    await bench.clock.advance(RETENTION_MS - 3 * BUCKET_MS);
    expect(bench.rows()).toHaveLength(2);
    await bench.clock.advance(4 * BUCKET_MS);
    expect(bench.rows().map(({ key }) => key.uniquenessKey)).toEqual(["later"]);
    expect(await buckets()).toEqual([of(waits)]);
    expect(bench.events.count("bucketDeleted")).toBe(1);
  });

  it("deletes a bucket whose tasks an owner has finished that died before its summary said so", async () => {
    const first = bench.engine(SETTINGS);
    await first.start();
    await bench.schedule({ uniquenessKey: "old" });
    await bench.untilFinished(1);
    bench.kill(first);
    await bench.engine(SETTINGS).start();
    await bench.clock.advance(2 * RETENTION_MS);
    expect(bench.rows()).toEqual([]);
    expect(await buckets()).toEqual([]);
  });

  it("deletes a bucket whose task two owners have left without a summary", async () => {
    store.refuse("writeSummary", "STORE_UNAVAILABLE");
    const first = bench.engine(SETTINGS);
    await first.start();
    await bench.schedule({ uniquenessKey: "old" });
    await bench.clock.advanceUntil(() => bench.rows().length > 0);
    bench.kill(first);
    // It finds the row by its record, and has it run.
    const second = bench.engine(SETTINGS);
    await second.start();
    await bench.untilFinished(1);
    bench.kill(second);
    store.releaseAll();
    await bench.engine(SETTINGS).start();
    await bench.clock.advance(2 * RETENTION_MS);
    expect(bench.starts).toHaveLength(1);
    expect(bench.rows()).toEqual([]);
    expect(await buckets()).toEqual([]);
  });

  it("keeps a bucket in which one task is not finished, however old", async () => {
    await bench.engine(SETTINGS).start();
    await bench.schedule({ uniquenessKey: "stuck" }, { type: "unhandled" });
    await bench.schedule({ orderingId: "b", uniquenessKey: "done" });
    await bench.untilFinished(1);
    await bench.clock.advance(2 * RETENTION_MS);
    expect(bench.rows()).toHaveLength(2);
    bench.onTask(() => undefined, "unhandled");
    await bench.untilFinished(2);
    // Its last finish counts, not its time.
    await bench.clock.advance(RETENTION_MS / 2);
    expect(bench.rows()).toHaveLength(2);
    await bench.clock.advance(RETENTION_MS);
    expect(bench.rows()).toEqual([]);
  });

  it("waits for a checkpoint that was taken after it has found the bucket", async () => {
    await bench.engine(SETTINGS).start();
    await finishedOne();
    await bench.clock.advance(RETENTION_MS - 4 * BUCKET_MS);
    const calls = store.calls.length;
    const swaps = (): number => leases.count(/^compareAndSet$/);
    let before = 0;
    await bench.clock.advanceUntil(() => {
      const isDeleting = store.calls
        .slice(calls)
        .some(({ operation }) => operation.startsWith("delete"));
      if (!isDeleting && bench.events.count("bucketDeleted") === 0) {
        const sweeps = store.calls
          .slice(calls)
          .filter(({ operation }) => operation === "loadSummaries");
        if (sweeps.length === 0) before = swaps();
      }
      return isDeleting;
    }, 10 * RETENTION_MS);
    expect(swaps() - before).toBeGreaterThanOrEqual(2);
  });

  it.each(["writeSummary", "deleteBucketTasks", "deleteSummary"])(
    "is completed by the next owner when its own dies: at %s",
    async (operation) => {
      const first = bench.engine(SETTINGS);
      await first.start();
      const key = await finishedOne();
      await bench.clock.advance(RETENTION_MS - 4 * BUCKET_MS);
      const isOfBucket = (args: readonly unknown[]): boolean =>
        (args[0] as { bucket: number }).bucket === of(key);
      const dying = store.hold(operation, "after", isOfBucket);
      await bench.clock.advanceUntil(() => dying.call !== undefined, 10 * RETENTION_MS);
      bench.kill(first);
      dying.release();
      await bench.engine(SETTINGS).start();
      await bench.clock.advance(10 * BUCKET_MS);
      expect(bench.rows()).toEqual([]);
      expect(await buckets()).toEqual([]);
    },
  );

  it("lets a task that comes meanwhile wait, and keeps it", async () => {
    await bench.engine(SETTINGS).start();
    const old = await finishedOne();
    await bench.clock.advance(RETENTION_MS - 4 * BUCKET_MS);
    const rows = store.hold("deleteBucketTasks", "before");
    await bench.clock.advanceUntil(() => rows.call !== undefined, 10 * RETENTION_MS);
    const { scheduledTimeMs } = old;
    const late = await bench.schedule({ scheduledTimeMs, orderingId: "b", uniquenessKey: "late" });
    await bench.clock.advance(1_000);
    expect(bench.row(late)).toBeUndefined();
    rows.release();
    await bench.untilFinished(1);
    expect(bench.row(late)?.status?.status).toBe("succeeded");
    expect(bench.row(old)).toBeUndefined();
  });

  it("looks at what is left of a bucket that an earlier owner has marked", async () => {
    const first = bench.engine(SETTINGS);
    await first.start();
    const old = await finishedOne();
    await bench.clock.advance(RETENTION_MS - 4 * BUCKET_MS);
    const rows = store.hold("deleteBucketTasks", "before");
    await bench.clock.advanceUntil(() => rows.call !== undefined, 10 * RETENTION_MS);
    bench.kill(first);
    await bench.engine(SETTINGS).start();
    await bench.clock.advanceUntil(() => bench.events.count("takeOverEnded") === 2);
    await bench.schedule(old);
    await bench.clock.advance(500);
    expect(bench.row(old)?.status?.status).toBe("succeeded");
    expect(bench.events.of("duplicatesDropped")).toMatchObject([{ reason: "finished" }]);
    // Marked already, it goes as soon as this owner's checkpoints allow.
    await bench.clock.advance(60_000);
    expect(bench.row(old)).toBeUndefined();
    expect(bench.starts).toHaveLength(1);
  });
});
