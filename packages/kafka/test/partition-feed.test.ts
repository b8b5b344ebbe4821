import { HoraeError, type LogRecord } from "@horae/core";
import { PartitionFeed } from "../src/partition-feed.ts";

const LIMITS = { recordsMax: 100, bytesMax: 1_000 };

function setup(fromOffset = 0) {
  const changes: PartitionFeed[] = [];
  const feed = new PartitionFeed({
    partition: 3,
    fromOffset,
    bufferMax: { recordsMax: 10, bytesMax: 100 },
    onChange: (changed) => changes.push(changed),
  });
  return { feed, changes };
}

function records(from: number, count: number, bytes = 1): LogRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: 3,
    offset: from + i,
    key: null,
    value: new Uint8Array(bytes),
    headers: {},
    timestampMs: 0,
  }));
}

const offsets = (read: readonly LogRecord[]): number[] => read.map(({ offset }) => offset);

test("a read that waits gets what is delivered, within its limits", async () => {
  const { feed } = setup(5);
  expect(feed.fetchOffset).toBe(5);
  const waiting = feed.read({ recordsMax: 2, bytesMax: 1_000 });
  feed.deliver(records(5, 3), 8);
  expect(offsets(await waiting)).toEqual([5, 6]);
  expect(offsets(await feed.read(LIMITS))).toEqual([7]);
  expect(feed.fetchOffset).toBe(8);
});

test("a read brings at least one record, whatever its size, and stops before the limit", async () => {
  const { feed } = setup();
  feed.deliver(records(0, 3, 60), 3);
  expect(offsets(await feed.read({ recordsMax: 10, bytesMax: 10 }))).toEqual([0]);
  expect(offsets(await feed.read({ recordsMax: 10, bytesMax: 120 }))).toEqual([1, 2]);
});

test("a full buffer wants no more until the reader has made room", async () => {
  const { feed, changes } = setup();
  expect(feed.isHungry).toBe(true);
  feed.deliver(records(0, 12), 12);
  expect(feed.isHungry).toBe(false);
  await feed.read({ recordsMax: 2, bytesMax: 1_000 });
  expect(changes).toEqual([]);
  await feed.read({ recordsMax: 1, bytesMax: 1_000 });
  expect(feed.isHungry).toBe(true);
  expect(changes).toEqual([feed]);
  feed.deliver(records(12, 1, 200), 13);
  expect(feed.isHungry).toBe(false);
});

test("records that were left out move the position without waking the reader", async () => {
  const { feed } = setup();
  const waiting = feed.read(LIMITS);
  feed.deliver([], 4);
  expect(feed.fetchOffset).toBe(4);
  feed.deliver(records(4, 1), 5);
  expect(offsets(await waiting)).toEqual([4]);
});

test("trouble is told to who waits, and reading goes on", async () => {
  const { feed } = setup();
  const trouble = new HoraeError("LOG_UNAVAILABLE", "away");
  const waiting = feed.read(LIMITS);
  feed.fail(trouble);
  await expect(waiting).rejects.toBe(trouble);
  // Nobody waits: nothing is remembered.
  feed.fail(trouble);
  feed.deliver(records(0, 1), 1);
  expect(offsets(await feed.read(LIMITS))).toEqual([0]);
});

test("a gap comes after what was delivered, and stays", async () => {
  const { feed } = setup();
  const gap = new HoraeError("LOG_GAP", "gone");
  feed.deliver(records(0, 1), 1);
  feed.end(gap);
  expect(feed.isHungry).toBe(false);
  expect(offsets(await feed.read(LIMITS))).toEqual([0]);
  await expect(feed.read(LIMITS)).rejects.toBe(gap);
  await expect(feed.read(LIMITS)).rejects.toBe(gap);
});

test("a closed feed answers nothing, and drops what comes late", async () => {
  const { feed, changes } = setup();
  const waiting = feed.read(LIMITS);
  await feed.close();
  await feed.close();
  expect(await waiting).toEqual([]);
  feed.deliver(records(0, 1), 1);
  expect(await feed.read(LIMITS)).toEqual([]);
  expect(feed.isHungry).toBe(false);
  expect(changes).toEqual([feed]);
});

test("two callers at a time are a bug of theirs", async () => {
  const { feed } = setup();
  const waiting = feed.read(LIMITS);
  expect(() => feed.read(LIMITS)).toThrow("one caller at a time");
  await feed.close();
  await waiting;
});
