import type { BucketSummary, IndexedSummary, TaskKey, TaskRow, TaskStore } from "@horae/core";
import { bucketOf, compareTaskKeys, isDone, isFinished, lowerBoundKey } from "@horae/core";
import type { Cursor, Step } from "./merge-cursors.ts";
import type { ReadBudget } from "./read-budget.ts";
import type { ListedRow, RowRange } from "./row-cursor.ts";

const SUMMARIES_MAX = 200;

type StaleStore = Pick<TaskStore, "loadSummaries" | "loadTasks" | "findTasks">;

/**
 * The unfinished rows of one partition in key order, found from its summaries: buckets that are done
 * and rows that have finished below the low key are not read, however many there are.
 */
export class StaleCursor implements Cursor<ListedRow> {
  readonly #store: StaleStore;
  readonly #range: RowRange;
  readonly #budget: ReadBudget;
  #buckets: IndexedSummary[] = [];
  #nextBucket: number;
  #hasMoreBuckets = true;
  /** Where to go on in the first bucket; null: at its exceptions. */
  #from: TaskKey | null = null;
  #rows: TaskRow[] = [];

  constructor(store: StaleStore, range: RowRange, budget: ReadBudget) {
    this.#store = store;
    this.#range = range;
    this.#budget = budget;
    const from = range.after ?? lowerBoundKey(range.fromMs);
    this.#nextBucket = bucketOf(from, range.bucketMs);
  }

  async next(): Promise<Step<ListedRow>> {
    for (;;) {
      const row = this.#rows.shift();
      if (row !== undefined) {
        if (!this.#isWanted(row)) continue;
        return { kind: "item", item: { partition: this.#range.partition, row } };
      }
      const first = this.#buckets[0] ?? (await this.#readBuckets());
      if (first === null) return { kind: "end" };
      if (!(await this.#readRows(first))) return { kind: "spent" };
    }
  }

  #isWanted({ key, request, status }: TaskRow): boolean {
    if (request === null || isFinished(status)) return false;
    return key.scheduledTimeMs < this.#range.toMs && this.#isAfter(key);
  }

  /** The next bucket that is not done; null when there is none below the end. */
  async #readBuckets(): Promise<IndexedSummary | null> {
    const { partition, bucketMs, toMs } = this.#range;
    const toBucket = bucketOf({ scheduledTimeMs: toMs - 1 }, bucketMs);
    while (this.#hasMoreBuckets && this.#nextBucket <= toBucket) {
      const read = { partition, fromBucket: this.#nextBucket, toBucket, rowsMax: SUMMARIES_MAX };
      const found = await this.#store.loadSummaries(read);
      this.#hasMoreBuckets = found.length === SUMMARIES_MAX;
      this.#nextBucket = (found.at(-1)?.bucket ?? toBucket) + 1;
      this.#buckets = found.filter(({ summary }) => !isDone(summary));
      if (this.#buckets[0] !== undefined) return this.#buckets[0];
    }
    return null;
  }

  /** Exceptions lie below the low key, so that they come first. False when the budget is spent. */
  async #readRows({ bucket, summary }: IndexedSummary): Promise<boolean> {
    if (this.#from === null) {
      this.#from = this.#beginningOf(summary);
      const keys = summary.exceptions.filter((key) => this.#isAfter(key));
      if (keys.length > 0) {
        const { partition } = this.#range;
        this.#rows = [...(await this.#store.findTasks({ partition, bucket, keys }))];
        this.#budget.spend(keys.length);
      }
      if (this.#from === null) this.#leave();
      return true;
    }
    const wanted = this.#budget.allow(this.#range.rowsMax);
    if (wanted === 0) return false;
    await this.#readFrom(this.#from, bucket, wanted);
    return true;
  }

  /** Where the rows that are not exceptions begin; null when none is wanted. */
  #beginningOf({ lowKey }: BucketSummary): TaskKey | null {
    const { after, toMs } = this.#range;
    if (lowKey === null || lowKey.scheduledTimeMs >= toMs) return null;
    return after !== null && compareTaskKeys(after, lowKey) > 0 ? after : lowKey;
  }

  async #readFrom(from: TaskKey, bucket: number, wanted: number): Promise<void> {
    const { partition, bucketMs, toMs } = this.#range;
    const isLast = bucket === bucketOf({ scheduledTimeMs: toMs - 1 }, bucketMs);
    const to = isLast ? lowerBoundKey(toMs) : null;
    // One more, where the next read begins.
    const read = { partition, bucket, from, to, rowsMax: wanted + 1 };
    const found = await this.#store.loadTasks(read);
    this.#budget.spend(Math.min(found.length, wanted));
    this.#rows = found.slice(0, wanted);
    if (found.length > wanted) this.#from = found[wanted]!.key;
    else this.#leave();
  }

  #isAfter(key: TaskKey): boolean {
    const { after } = this.#range;
    return after === null || compareTaskKeys(key, after) > 0;
  }

  #leave(): void {
    this.#buckets.shift();
    this.#from = null;
  }
}
