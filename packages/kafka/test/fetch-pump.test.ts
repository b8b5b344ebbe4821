import type { LogBounds, LogReader } from "@horae/core";
import { FakeClock, rejection, settled } from "@horae/testkit";
import type { FetchedPartition } from "../src/broker.ts";
import { BROKER_CODES } from "../src/broker-codes.ts";
import { FetchPump, type FetchRequest } from "../src/fetch-pump.ts";
import { PartitionFeed } from "../src/partition-feed.ts";
import { kafkaJsError } from "./kafkajs-error.ts";

const LIMITS = { recordsMax: 100, bytesMax: 1_000 };

interface Fetch extends FetchRequest {
  /** Number of records that come, or the error code, by partition; what is left out brings nothing. */
  readonly answer: (records?: Record<number, number>, codes?: Record<number, number>) => void;
  readonly fail: (error: unknown) => void;
}

function setup() {
  const clock = new FakeClock();
  const fetches: Fetch[] = [];
  const cluster = {
    leaders: [1, 1, 2] as number[],
    failure: null as Error | null,
    bounds: { startOffset: 0, endOffset: 100 } as LogBounds,
    loads: 0,
  };
  const pump = new FetchPump({
    clock,
    wire: {
      leaders: async () => {
        cluster.loads++;
        if (cluster.failure !== null) throw cluster.failure;
        return cluster.leaders;
      },
      bounds: async () => cluster.bounds,
      fetch: (request) =>
        new Promise((resolve, reject) => {
          fetches.push({
            ...request,
            answer: (records = {}, codes = {}) => resolve(answerTo(request, records, codes)),
            fail: reject,
          });
        }),
    },
  });
  const open = (partition: number, fromOffset = 0): LogReader => {
    const feed = new PartitionFeed({
      partition,
      fromOffset,
      bufferMax: { recordsMax: 3, bytesMax: 1_000 },
      onChange: () => pump.wake(),
    });
    pump.add(feed);
    return feed;
  };
  return { clock, fetches, cluster, pump, open };
}

function answerTo(
  { partitions }: FetchRequest,
  records: Record<number, number>,
  codes: Record<number, number>,
): FetchedPartition[] {
  return partitions.map(({ partition, fetchOffset }) => ({
    partition,
    errorCode: codes[partition] ?? 0,
    highWatermark: "100",
    messages: Array.from({ length: records[partition] ?? 0 }, (_, i) => ({
      offset: String(fetchOffset + i),
      timestamp: "0",
      key: null,
      value: Buffer.from("v"),
    })),
  }));
}

const wanted = ({ partitions }: Fetch): string[] =>
  partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`);

test("readers of one leader share a fetch, each leader has its own", async () => {
  const { fetches, open } = setup();
  const readers = [open(0, 5), open(1), open(2)];
  const reads = readers.map((reader) => reader.read(LIMITS));
  await settled();
  expect(fetches.map(wanted)).toEqual([["0@5", "1@0"], ["2@0"]]);
  expect(fetches.map(({ nodeId }) => nodeId)).toEqual([1, 2]);
  fetches[0]!.answer({ 0: 2 });
  expect((await reads[0]!).map(({ offset }) => offset)).toEqual([5, 6]);
  await settled();
  expect(wanted(fetches[2]!)).toEqual(["0@7", "1@0"]);
});

test("who comes while a fetch waits is fetched for in the other lane", async () => {
  const { fetches, open } = setup();
  open(0);
  await settled();
  open(1);
  await settled();
  expect(fetches.map(({ lane }) => lane)).toEqual([0, 1]);
  expect(fetches.map(wanted)).toEqual([["0@0"], ["1@0"]]);
  // A third one waits until one of the two has ended.
  open(0, 9);
  await settled();
  expect(fetches.length).toBe(2);
  fetches[1]!.answer();
  await settled();
  expect(wanted(fetches[2]!)).toEqual(["1@0", "0@9"]);
});

test("two readers of one partition are never in one fetch", async () => {
  const { fetches, open } = setup();
  open(0, 1);
  open(0, 2);
  await settled();
  expect(fetches.map(wanted)).toEqual([["0@1"], ["0@2"]]);
});

test("a reader that does not ask is not fetched for once its buffer is full", async () => {
  const { fetches, open } = setup();
  const reader = open(0);
  await settled();
  fetches[0]!.answer({ 0: 3 });
  await settled();
  expect(fetches.length).toBe(1);
  expect((await reader.read({ recordsMax: 1, bytesMax: 10 })).length).toBe(1);
  await settled();
  expect(wanted(fetches[1]!)).toEqual(["0@3"]);
});

test("a leader that has moved is looked for, and the reader does not notice", async () => {
  const { clock, fetches, cluster, open } = setup();
  const read = open(0).read(LIMITS);
  await settled();
  cluster.leaders = [2, 1, 2];
  fetches[0]!.answer({}, { 0: BROKER_CODES.NOT_LEADER_FOR_PARTITION });
  await clock.advance(100);
  expect(fetches[1]!.nodeId).toBe(2);
  fetches[1]!.answer({ 0: 1 });
  expect((await read).length).toBe(1);
});

test("trouble that lasts is told to who reads, again and again, with pauses", async () => {
  const { clock, cluster, open } = setup();
  cluster.failure = kafkaJsError({ name: "KafkaJSConnectionError", code: "ECONNREFUSED" });
  const reader = open(0);
  for (let i = 0; i < 2; i++) {
    const read = reader.read(LIMITS);
    const failed = rejection(read);
    await clock.advance(2_500);
    expect(await failed).toMatchObject({ code: "LOG_UNAVAILABLE", retryable: true });
  }
  // 50, 100, 200 ... 1,000 ms.
  expect(cluster.loads).toBeLessThan(12);
  cluster.failure = null;
  await clock.advance(1_000);
  expect(cluster.loads).toBeGreaterThan(2);
});

test("a partition without a leader does not hold back the others", async () => {
  const { clock, fetches, cluster, open } = setup();
  cluster.leaders = [-1, 1, 2];
  const lost = open(0).read(LIMITS);
  open(1);
  await settled();
  expect(fetches.map(wanted)).toEqual([["1@0"]]);
  const failed = rejection(lost);
  await clock.advance(2_500);
  expect(await failed).toMatchObject({ code: "LOG_UNAVAILABLE" });
  cluster.leaders = [1, 1, 2];
  await clock.advance(1_000);
  expect(wanted(fetches[1]!)).toEqual(["0@0"]);
});

test("a connection that broke: the leaders are asked for again", async () => {
  const { clock, fetches, cluster, open } = setup();
  open(0);
  await settled();
  expect(cluster.loads).toBe(1);
  fetches[0]!.fail(kafkaJsError({ name: "KafkaJSConnectionClosedError" }));
  await clock.advance(100);
  expect(cluster.loads).toBe(2);
  expect(wanted(fetches[1]!)).toEqual(["0@0"]);
});

test("a batch that cannot be read stops its own partition, and no other", async () => {
  const { clock, fetches, open } = setup();
  const bad = open(0).read(LIMITS);
  const good = open(1).read(LIMITS);
  await settled();
  const unreadable = kafkaJsError({ name: "KafkaJSNotImplemented", message: "LZ4" });
  fetches[0]!.fail(unreadable);
  await settled();
  expect(fetches.slice(1).map(wanted)).toEqual([["0@0"], ["1@0"]]);
  fetches[1]!.fail(unreadable);
  fetches[2]!.answer({ 1: 1 });
  expect((await good).length).toBe(1);
  const failed = rejection(bad);
  for (let i = 0; i < 6; i++) {
    await clock.advance(1_000);
    for (const fetch of fetches.slice(3)) {
      if (wanted(fetch)[0] === "0@0") fetch.fail(unreadable);
    }
    await settled();
  }
  expect(await failed).toMatchObject({
    code: "LOG_UNAVAILABLE",
    message: expect.stringContaining("LZ4"),
  });
});

test("a partition that is to be alone gets its turn, however busy the others are", async () => {
  const { fetches, open } = setup();
  const readers = [open(0), open(1), open(1, 50)];
  const reads = readers.map((reader) => reader.read(LIMITS));
  await settled();
  expect(fetches.map(wanted)).toEqual([["0@0", "1@0"], ["1@50"]]);
  fetches[0]!.fail(kafkaJsError({ name: "KafkaJSNotImplemented" }));
  await settled();
  expect(wanted(fetches[2]!)).toEqual(["0@0"]);
  fetches[2]!.answer();
  await settled();
  // The lonely one is second in line, and comes first.
  expect(wanted(fetches[3]!)).toEqual(["1@0"]);
  fetches[3]!.answer({ 1: 1 });
  expect((await reads[1]!).length).toBe(1);
});

test.each([
  ["below the start", { startOffset: 8, endOffset: 100 }, "offset 5 is gone"],
  ["beyond the end", { startOffset: 0, endOffset: 4 }, "the log ends before offset 5"],
])("an offset %s is a gap", async (_, bounds, message) => {
  const { fetches, cluster, open } = setup();
  cluster.bounds = bounds;
  const reader = open(0, 5);
  await settled();
  fetches[0]!.answer({}, { 0: BROKER_CODES.OFFSET_OUT_OF_RANGE });
  await expect(reader.read(LIMITS)).rejects.toMatchObject({
    code: "LOG_GAP",
    message: expect.stringContaining(message),
  });
});

test("an offset that another broker has is no gap", async () => {
  const { clock, fetches, cluster, open } = setup();
  cluster.bounds = { startOffset: 0, endOffset: 5 };
  open(0, 5);
  await settled();
  fetches[0]!.answer({}, { 0: BROKER_CODES.OFFSET_OUT_OF_RANGE });
  await clock.advance(100);
  expect(wanted(fetches[1]!)).toEqual(["0@5"]);
});

test("a closed reader is fetched for no more, and a closed pump ends all", async () => {
  const { clock, fetches, pump, open } = setup();
  const first = open(0);
  const second = open(2);
  await settled();
  await first.close();
  fetches[0]!.answer({ 0: 1 });
  await settled();
  expect(fetches.length).toBe(2);
  const waiting = second.read(LIMITS);
  await pump.close();
  expect(await waiting).toEqual([]);
  fetches[1]!.answer({ 2: 1 });
  await clock.advance(10_000);
  expect(fetches.length).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});
