import type { BucketSummary, TaskKey } from "@horae/core";
import {
  bucketOf,
  EMPTY_SUMMARY,
  encodeScheduleRecord,
  encodeUtf8,
  FIRST_CHECKPOINT,
  partitionOf,
} from "@horae/core";
import {
  FakeClock,
  lease,
  MemoryLeaseStore,
  MemoryLog,
  MemoryStore,
  statusCells,
  succeededCells,
  taskRequest,
} from "@horae/testkit";
import { verifyQueue } from "../../src/verify/verify-queue.ts";

const QUEUE = { partitions: 2, bucketMs: 60_000 };
const ALL_UNFINISHED = (key: TaskKey): BucketSummary => ({ ...EMPTY_SUMMARY, lowKey: key });

let clock: FakeClock;
let log: MemoryLog;
let store: MemoryStore;
let leases: MemoryLeaseStore;
let quarantined: Set<string>;

beforeEach(() => {
  clock = new FakeClock();
  log = new MemoryLog({ clock, partitions: QUEUE.partitions });
  store = new MemoryStore();
  leases = new MemoryLeaseStore({ clock });
  quarantined = new Set();
});

function keyOf(uniquenessKey: string, fields: Partial<TaskKey> = {}): TaskKey {
  return { scheduledTimeMs: clock.nowMs(), orderingId: "a", uniquenessKey, ...fields };
}

const HOME = partitionOf("a", QUEUE.partitions);

/** As a client appends it, or a producer that knows no better. */
function append(key: TaskKey, partition = HOME): number {
  const value = encodeScheduleRecord({ key, type: "t", dataJson: "null", options: {} });
  return log.appendRaw({ partition, key: encodeUtf8(key.orderingId), value });
}

async function persist(key: TaskKey, offset: number): Promise<void> {
  const bucket = bucketOf(key, QUEUE.bucketMs);
  const rows = [{ key, request: taskRequest({ offset }) }];
  await store.persistTasks({ partition: HOME, bucket, timestamp: 1, rows });
}

async function cover(key: TaskKey, summary: BucketSummary): Promise<void> {
  const bucket = bucketOf(key, QUEUE.bucketMs);
  await store.writeSummary({ partition: HOME, bucket, timestamp: 1, summary });
}

async function apply(partition: number, appliedOffset: number): Promise<void> {
  const checkpoint = { ...FIRST_CHECKPOINT, appliedOffset };
  const row = lease({ checkpoint });
  await leases.compareAndSet({ partition, expected: null, lease: row });
}

async function verify(retiredBeforeMs = 0) {
  const estimates: object[] = [];
  const source = { log, store, leases, queue: QUEUE, quarantined, retiredBeforeMs };
  const tallies = await verifyQueue(source, (estimate) => estimates.push(estimate));
  return { tallies, estimates, home: tallies[HOME]! };
}

describe("verify", () => {
  it("counts what every applied record has become, and says first how much it reads", async () => {
    const waiting = keyOf("waiting");
    const done = keyOf("done");
    await persist(waiting, append(waiting));
    await persist(done, append(done));
    const bucket = bucketOf(done, QUEUE.bucketMs);
    const rows = [{ key: done, status: succeededCells() }];
    await store.recordStatuses({ partition: HOME, bucket, timestamp: 2, rows });
    const bad = log.appendRaw({ partition: HOME, key: null, value: null });
    quarantined.add(`${HOME}/${bad}`);
    await cover(waiting, ALL_UNFINISHED(waiting));
    await apply(HOME, bad);
    append(keyOf("not applied yet"));
    const { home, tallies, estimates } = await verify();
    expect(estimates).toEqual([{ records: 3, buckets: 1 }]);
    expect(home).toMatchObject({ records: 3, persisted: 2, quarantined: 1, missing: 0 });
    expect(home).toMatchObject({ rows: 2, unfinished: 1, uncovered: 0, examples: [] });
    expect(tallies.every(({ addsUp }) => addsUp)).toBe(true);
  });

  it("names applied records that are nowhere, also bad ones that are not in the quarantine", async () => {
    append(keyOf("lost"));
    const bad = log.appendRaw({ partition: HOME, key: null, value: encodeUtf8("{") });
    await apply(HOME, bad);
    const { home } = await verify();
    expect(home).toMatchObject({ records: 2, missing: 2, addsUp: false });
    expect(home.examples.toSorted()).toEqual([
      expect.stringContaining(`record ${HOME}/0 is applied`),
      expect.stringContaining(`record ${HOME}/1 is applied`),
    ]);
  });

  it("takes old ones for deleted by retention", async () => {
    const old = keyOf("old", { scheduledTimeMs: clock.nowMs() - 10 * QUEUE.bucketMs });
    await apply(HOME, append(old));
    expect((await verify(clock.nowMs() - QUEUE.bucketMs)).home).toMatchObject({ retired: 1 });
    expect((await verify(old.scheduledTimeMs)).home).toMatchObject({ retired: 0, missing: 1 });
  });

  it.each([
    ["is persisted there", 1, 0],
    ["waits there in the log", 1, 0],
    ["is not there", 0, 1],
  ])("looks for a record that was sent on in its own partition: it %s", async (how, sent, lost) => {
    const key = keyOf("misplaced");
    const other = 1 - HOME;
    await apply(other, append(key, other));
    if (how !== "is not there") append(key);
    if (how === "is persisted there") {
      await persist(key, 0);
      await cover(key, ALL_UNFINISHED(key));
      await apply(HOME, 0);
    }
    expect((await verify()).tallies[other]).toMatchObject({ forwarded: sent, missing: lost });
  });

  it("names unfinished rows that no summary leads to; exceptions lead to theirs", async () => {
    const keys = ["a", "b", "c"].map((name) => keyOf(name));
    let last = -1;
    for (const key of keys) await persist(key, (last = append(key)));
    await apply(HOME, last);
    await cover(keys[0]!, { ...EMPTY_SUMMARY, lowKey: keys[2]!, exceptions: [keys[1]!] });
    const { home } = await verify();
    expect(home).toMatchObject({ unfinished: 3, uncovered: 1, addsUp: false });
    expect(home.examples).toEqual([expect.stringContaining("/a")]);
  });

  it("leaves rows alone whose record is not applied, and those that finish meanwhile", async () => {
    const early = keyOf("early");
    const ending = keyOf("ending");
    await persist(ending, append(ending));
    await apply(HOME, 0);
    await persist(early, 7);
    await cover(early, EMPTY_SUMMARY);
    const bucket = bucketOf(ending, QUEUE.bucketMs);
    const rows = [{ key: ending, status: succeededCells() }];
    store.intercept = async ({ operation, when }) => {
      if (operation !== "findSummary" || when !== "before") return;
      await store.recordStatuses({ partition: HOME, bucket, timestamp: 2, rows });
    };
    const { home } = await verify();
    expect(home).toMatchObject({ unfinished: 2, uncovered: 0, addsUp: true });
  });

  it("counts a task that waits for its retry as unfinished", async () => {
    const key = keyOf("retrying");
    await persist(key, append(key));
    const bucket = bucketOf(key, QUEUE.bucketMs);
    const rows = [{ key, status: statusCells() }];
    await store.recordStatuses({ partition: HOME, bucket, timestamp: 2, rows });
    await apply(HOME, 0);
    await cover(key, EMPTY_SUMMARY);
    expect((await verify()).home).toMatchObject({ unfinished: 1, uncovered: 1 });
  });
});
