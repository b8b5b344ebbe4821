import { succeededCells, statusCells, taskKey } from "../task-factory.ts";
import type { StoreBench } from "./store-bench.ts";

/** The highest timestamp wins, per group of cells, whatever the order of arrival. */
export function testTimestamps(bench: StoreBench): void {
  const key = taskKey();

  function record(timestamp: number, attempts: number): Promise<void> {
    const rows = [{ key, status: statusCells({ attempts }) }];
    return bench.store.recordStatuses({ ...bench.at, timestamp, rows });
  }

  async function attempts(): Promise<number | undefined> {
    return (await bench.load())[0]?.status?.attempts;
  }

  it.each([
    ["in order", [10, 20]],
    ["in reverse", [20, 10]],
    ["with a repetition", [10, 20, 10, 20]],
  ])("of a request wins, %s", async (_what, timestamps) => {
    for (const timestamp of timestamps)
      await bench.persist(timestamp, [key], { dataJson: String(timestamp) });
    expect(await bench.row()).toEqual(["20", null]);
  });

  it.each([
    ["in order", [10, 20]],
    ["in reverse", [20, 10]],
    ["with a repetition", [10, 20, 10, 20]],
  ])("of a status wins, %s", async (_what, timestamps) => {
    for (const timestamp of timestamps) await record(timestamp, timestamp);
    expect(await attempts()).toBe(20);
  });

  it("of request and status do not touch each other", async () => {
    await record(20, 20);
    await bench.persist(10, [key], { dataJson: "10" });
    await bench.persist(30, [key], { dataJson: "30" });
    await record(25, 25);
    await record(15, 15);
    expect(await bench.row()).toEqual(["30", "retrying"]);
    expect(await attempts()).toBe(25);
  });

  it("count for each row of a write, not for the write", async () => {
    const other = taskKey({ uniquenessKey: "other" });
    await bench.persist(20, [key], { dataJson: "20" });
    await bench.persist(10, [key, other], { dataJson: "10" });
    const rows = await bench.load();
    expect(rows.map(({ request }) => request?.dataJson)).toEqual(["20", "10"]);
  });

  it("are as large as microseconds since 1970, and larger", async () => {
    const now = 1_800_000_000_000_000;
    await bench.persist(now, [key], { dataJson: "now" });
    await bench.persist(now - 1, [key], { dataJson: "before" });
    expect(await bench.row()).toEqual(["now", null]);
    await bench.persist(now + 1, [key], { dataJson: "after" });
    expect(await bench.row()).toEqual(["after", null]);
  });

  it("hold when many writes are under way", async () => {
    const timestamps = Array.from({ length: 40 }, (_, index) => 10 + ((index * 17) % 40));
    await Promise.all(
      timestamps.flatMap((timestamp) => [
        bench.persist(timestamp, [key], { dataJson: String(timestamp) }),
        record(timestamp, timestamp),
      ]),
    );
    expect(await bench.row()).toEqual(["49", "retrying"]);
    expect(await attempts()).toBe(49);
  });
}

/** A deletion takes what is not newer, and what comes late. */
export function testDeletion(bench: StoreBench): void {
  const keys = ["1", "2", "3"].map((uniquenessKey) => taskKey({ uniquenessKey }));
  const [first, second, third] = keys;

  function deleteTasks(timestamp: number): Promise<void> {
    return bench.store.deleteBucketTasks({ ...bench.at, timestamp });
  }

  it("removes the rows of its bucket that are not newer", async () => {
    const next = { ...bench.at, bucket: bench.bucket + 1 };
    await bench.persist(10, [first!]);
    await bench.persist(20, [second!]);
    await bench.persist(30, [third!]);
    await bench.persist(10, keys, { at: next });
    await deleteTasks(20);
    expect(await bench.loadKeys()).toEqual([third]);
    expect(await bench.loadKeys(next)).toEqual(keys);
    expect(await bench.store.findTasks({ ...bench.at, keys })).toHaveLength(1);
  });

  it("takes the cells of a row each for itself", async () => {
    await bench.persist(10, [first!]);
    const rows = [{ key: first!, status: succeededCells() }];
    await bench.store.recordStatuses({ ...bench.at, timestamp: 30, rows });
    await deleteTasks(20);
    expect(await bench.load()).toEqual([{ key: first, request: null, status: succeededCells() }]);
    await deleteTasks(30);
    expect(await bench.load()).toEqual([]);
  });

  it("is not undone by an older write that comes late", async () => {
    await bench.persist(10, [first!]);
    await deleteTasks(20);
    await bench.persist(15, [first!, second!]);
    const rows = [{ key: first!, status: succeededCells() }];
    await bench.store.recordStatuses({ ...bench.at, timestamp: 20, rows });
    expect(await bench.load()).toEqual([]);
    await bench.persist(21, [second!]);
    expect(await bench.loadKeys()).toEqual([second]);
  });

  it("does not fall back when an older deletion comes late", async () => {
    await deleteTasks(20);
    await deleteTasks(10);
    await bench.persist(15, [first!]);
    expect(await bench.load()).toEqual([]);
  });

  it.each([
    [1_200, 700],
    [400, 1_200],
  ])("takes a bucket with %i requests and %i statuses", async (requests, statuses) => {
    const many = Array.from({ length: 1_200 }, (_, index) =>
      taskKey({ uniquenessKey: `u${index}` }),
    );
    await bench.persist(10, many.slice(0, requests));
    const status = succeededCells();
    const rows = many.slice(0, statuses).map((key) => ({ key, status }));
    await bench.store.recordStatuses({ ...bench.at, timestamp: 11, rows });
    await bench.persist(40, [first!]);
    await deleteTasks(30);
    expect(await bench.loadKeys()).toEqual([first]);
  });
}
