import type { QueueSettings, TaskStore } from "@horae/core";
import { StoreBench } from "./store-bench.ts";
import { testJournal, testJournalTrim } from "./store-journal-tests.ts";
import { testDeadLetters } from "./store-letter-tests.ts";
import {
  testKeyOrder,
  testLargeWrites,
  testPlaces,
  testRanges,
  testRows,
} from "./store-row-tests.ts";
import { testSummaries, testSummaryPages } from "./store-summary-tests.ts";
import { testDeletion, testTimestamps } from "./store-timestamp-tests.ts";

export interface StoreContract {
  readonly name: string;
  /** Called once; each test takes a partition of its own, numbers up to 1,100 are used. */
  setup(): Promise<TaskStore>;
  teardown(store: TaskStore): Promise<void>;
  /** Where the queue's settings are fixed when the store is made: those. */
  readonly settings?: QueueSettings;
  /** For one test. Default: Jest's. */
  readonly timeoutMs?: number;
}

/** What every TaskStore does. */
export function testStoreContract(contract: StoreContract): void {
  describe(`${contract.name} as a store`, () => {
    const bench = new StoreBench();
    const { timeoutMs } = contract;
    beforeAll(async () => bench.use(await contract.setup()), timeoutMs);
    afterAll(() => contract.teardown(bench.store), timeoutMs);
    beforeEach(() => bench.nextTest());
    if (timeoutMs !== undefined) jest.setTimeout(timeoutMs);
    describe("a row", () => testRows(bench));
    describe("the place of a row", () => testPlaces(bench));
    describe("a large write", () => testLargeWrites(bench));
    describe("the order of keys", () => testKeyOrder(bench));
    describe("a range of keys", () => testRanges(bench));
    describe("the highest timestamp", () => testTimestamps(bench));
    describe("a deletion", () => testDeletion(bench));
    describe("summaries", () => testSummaries(bench));
    describe("summaries of a partition", () => testSummaryPages(bench));
    describe("the attempt journal", () => testJournal(bench));
    describe("the attempt journal, trimmed", () => testJournalTrim(bench));
    describe("dead letters", () => testDeadLetters(bench));
    describe("the queue's settings", () => {
      it("are those of the first who asked", async () => {
        const wanted = contract.settings ?? { partitions: 8, bucketMs: 600_000 };
        expect(await bench.store.ensureQueueSettings(wanted)).toEqual(wanted);
        const others = { partitions: 16, bucketMs: 60_000 };
        expect(await bench.store.ensureQueueSettings(others)).toEqual(wanted);
        expect(await bench.store.ensureQueueSettings(wanted)).toEqual(wanted);
      });
    });
  });
}
