import { type BucketSummary, EMPTY_SUMMARY, type TaskKey } from "@horae/core";
import { taskKey } from "../task-factory.ts";
import type { StoreBench } from "./store-bench.ts";

export function testSummaries(bench: StoreBench): void {
  const summaries = new Summaries(bench);

  it("are kept whole, and replaced whole", async () => {
    const exceptions = Array.from({ length: 100 }, (_, index): TaskKey => {
      const orderingId = `o${String(index).padStart(3, "0")}`;
      return taskKey({ orderingId, uniquenessKey: "ü😀" });
    });
    const full: BucketSummary = {
      lowKey: taskKey({ orderingId: "z" }),
      exceptions,
      state: "deleting",
      lastFinishMs: 1_700_000_000_000,
    };
    expect(await summaries.find()).toBeNull();
    await summaries.write(10, full);
    expect(await summaries.find()).toEqual(full);
    await summaries.write(20, EMPTY_SUMMARY);
    expect(await summaries.find()).toEqual(EMPTY_SUMMARY);
  });

  it.each([
    ["in order", [10, 20]],
    ["in reverse", [20, 10]],
  ])("of the highest timestamp win, %s", async (_what, timestamps) => {
    for (const timestamp of timestamps) await summaries.write(timestamp, finishedAt(timestamp));
    expect(await summaries.find()).toEqual(finishedAt(20));
  });
}

export function testSummaryPages(bench: StoreBench): void {
  const summaries = new Summaries(bench);

  it("are loaded in bucket order, from and to inclusive, a page at a time", async () => {
    const buckets = [0, 7, 255, 256, 65_536, 2_833_333, 400_000_000];
    for (const bucket of buckets.toReversed())
      await summaries.write(10, finishedAt(bucket), bucket);
    expect(await summaries.load(0, null)).toEqual(buckets);
    expect(await summaries.load(7, 256)).toEqual([7, 255, 256]);
    expect(await summaries.load(8, 8)).toEqual([]);
    expect(await summaries.load(256, null, 2)).toEqual([256, 65_536]);
    const { partition } = bench.at;
    const read = { partition, fromBucket: 255, toBucket: 255, rowsMax: 1 };
    expect(await bench.store.loadSummaries(read)).toEqual([
      { bucket: 255, summary: finishedAt(255) },
    ]);
  });

  it("are deleted unless they are newer, and an older one that comes late stays deleted", async () => {
    const remove = (timestamp: number) => bench.store.deleteSummary({ ...bench.at, timestamp });
    await summaries.write(20, finishedAt(20));
    await remove(10);
    expect(await summaries.find()).toEqual(finishedAt(20));
    await remove(30);
    expect(await summaries.find()).toBeNull();
    expect(await summaries.load(0, null)).toEqual([]);
    await summaries.write(25, finishedAt(25));
    expect(await summaries.find()).toBeNull();
    await summaries.write(31, finishedAt(31));
    expect(await summaries.find()).toEqual(finishedAt(31));
  });

  it("that are deleted take no place in a page", async () => {
    for (const bucket of [1, 2, 3, 4]) await summaries.write(10, EMPTY_SUMMARY, bucket);
    await bench.store.deleteSummary({ ...bench.at, bucket: 2, timestamp: 20 });
    expect(await summaries.load(1, null, 2)).toEqual([1, 3]);
  });
}

/** The summaries of a test's partition. */
class Summaries {
  readonly #bench: StoreBench;

  constructor(bench: StoreBench) {
    this.#bench = bench;
  }

  write(timestamp: number, summary: BucketSummary, bucket = this.#bench.bucket): Promise<void> {
    const { store, at } = this.#bench;
    return store.writeSummary({ ...at, bucket, timestamp, summary });
  }

  find(bucket = this.#bench.bucket): Promise<BucketSummary | null> {
    const { store, at } = this.#bench;
    return store.findSummary({ ...at, bucket });
  }

  async load(fromBucket: number, toBucket: number | null, rowsMax = 100): Promise<number[]> {
    const { store, partition } = this.#bench;
    const rows = await store.loadSummaries({ partition, fromBucket, toBucket, rowsMax });
    return rows.map(({ bucket }) => bucket);
  }
}

function finishedAt(lastFinishMs: number): BucketSummary {
  return { ...EMPTY_SUMMARY, lastFinishMs };
}
