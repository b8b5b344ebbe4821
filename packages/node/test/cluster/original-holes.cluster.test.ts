import { spawnSync } from "node:child_process";
import { HORIZON_MS, partitionOf } from "@horae/core";
import {
  endsOf,
  expectNoneEarly,
  expectStrictlyGrowing,
  historyOf,
  keysOf,
  startsOf,
} from "./history.ts";
import { poisonOfEveryKind } from "./poison.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";
import { rawTask } from "./raw-task.ts";

// Where the engine that Horae comes from loses work or stops.

const HOUR_MS = 3_600_000;

let bench: QueueBench;
beforeEach(async () => {
  bench = await QueueBench.open();
  await bench.horae("migrate");
}, START_MS);
afterEach(() => bench.close());

test("work that is overdue by more than two hours when a node starts still runs", async () => {
  const first = bench.startNode("first", { config: { executor: { concurrency: 1 } } });
  await first.ready();
  const client = await bench.client();
  const hang = { type: "hang", orderingId: "hangs", data: { hangs: 1 } };
  const hung = await client.scheduleTask({
    ...hang,
    scheduledTime: Date.now() - 41 * 24 * HOUR_MS,
  });
  await first.until("its only slot is taken", () => first.attempts.length === 1);
  const agesMs = [2 * HOUR_MS + 60_000, 26 * HOUR_MS, 7 * 24 * HOUR_MS, 40 * 24 * HOUR_MS];
  const outcomes = await client.scheduleTasks(
    agesMs.map((ageMs, n) => ({
      type: "work",
      orderingId: `customer-${n}`,
      scheduledTime: Date.now() - ageMs,
    })),
  );
  const keys = outcomes.map((outcome) => (outcome.ok ? outcome.key : ""));
  for (const key of keys) await bench.untilPersisted(key);
  await first.end("SIGKILL");
  expect(first.attempts.map(({ key }) => key)).toEqual([hung.key]);

  const second = bench.startNode("second");
  await second.until("all have ended", () => endsOf(second.attempts).length === 5);
  expect(keysOf(endsOf(second.attempts))).toEqual([hung.key, ...keys].toSorted());
  expect(await second.end("SIGTERM")).toBe(0);
});

test("an attempt is durable before its handler starts: a task that kills its process ends as failed", async () => {
  const client = await bench.client();
  const scheduledTime = Date.now();
  const task = { type: "kill", orderingId: "k", uniquenessKey: "1", scheduledTime };
  const { key } = await client.scheduleTask({
    ...task,
    data: { kills: 1_000 },
    options: { maxAttempts: 2 },
  });
  const behind = { type: "work", orderingId: "k", uniquenessKey: "2", scheduledTime };
  const { key: next } = await client.scheduleTask(behind);
  const lives = [];
  for (let life = 1; life <= 2; life++) {
    const node = bench.startNode(`life-${life}`);
    lives.push(node);
    expect(await node.end()).toBeNull();
    expect(startsOf(node.attempts).map((one) => [one.key, one.attempt])).toEqual([[key, life]]);
  }
  const last = bench.startNode("last");
  await last.until("the next one has ended", () => endsOf(last.attempts).length === 1);
  expect(keysOf(last.attempts)).toEqual([next, next]);
  expect((await bench.row(key))?.status).toMatchObject({ status: "failed", attempts: 2 });
  expectStrictlyGrowing(startsOf(historyOf([...lives, last])).map(({ fence }) => fence));
  expect(await last.end("SIGTERM")).toBe(0);
});

test("bad records do not stop a partition, however many come in a row", async () => {
  const node = bench.startNode("node");
  await node.ready();
  const partition = 1;
  const poison = poisonOfEveryKind(Date.now()).map(({ record }) => ({ ...record, partition }));
  await bench.produce(poison);
  const orderingId = ["a", "b", "c", "d", "e", "f", "g"].find(
    (id) => partitionOf(id, bench.queue.partitions) === partition,
  )!;
  const client = await bench.client();
  const { key } = await client.scheduleTask({
    type: "work",
    orderingId,
    scheduledTime: Date.now(),
  });
  await node.until("the task behind them has ended", () => endsOf(node.attempts).length === 1);
  expect(endsOf(node.attempts)[0]).toMatchObject({ key, partition });
  const quarantined = () => node.events("recordQuarantined");
  await node.until("all are in quarantine", () => quarantined().length === poison.length);
  const offsets = quarantined().map(({ offset }) => offset);
  expect(offsets.toSorted((a, b) => a - b)).toEqual(poison.map((_, offset) => offset));
});

test("a time that no client would take is refused by the node too", async () => {
  const node = bench.startNode("node");
  await node.ready();
  const base = { orderingId: "o", uniquenessKey: "u" };
  const record = (scheduledTime: string) => ({
    key: "o",
    value: JSON.stringify({
      version: 1,
      command: "schedule",
      type: "work",
      ...base,
      scheduledTime,
    }),
  });
  const beyond = new Date(Date.now() + HORIZON_MS + 24 * HOUR_MS).toISOString();
  const times = [beyond, "2026-02-30T00:00:00Z", "2026-12-01T09:00:00", "tomorrow", "12"];
  await bench.produce(times.map(record));
  const good = rawTask({ ...base, scheduledTimeMs: Date.now() });
  await bench.produce([good.record]);
  await node.until("the good one has ended", () => endsOf(node.attempts).length === 1);
  expect(keysOf(startsOf(node.attempts))).toEqual([good.key]);
  const quarantined = () => node.events("recordQuarantined");
  await node.until("the others are in quarantine", () => quarantined().length === times.length);
  const reasons = quarantined().map(({ reason }) => reason);
  const invalid = times.slice(1).map(() => "TIME_INVALID");
  expect(reasons.toSorted()).toEqual([...invalid, "TIME_OUT_OF_RANGE"]);
});

/** What Python's json.dumps and a producer with, or without, Java's hash make of a task. */
const PYTHON = `
import json, sys
for n in range(20):
    task = {"version": 1, "command": "schedule", "type": "work", "orderingId": f"kundin-ä-{n}",
            "scheduledTime": sys.argv[1], "uniquenessKey": f"python {n}", "data": {"text": "ß\\U0001F600", "n": [n, None]}}
    print(json.dumps(task))
`;

test.each([
  ["with murmur2", 0],
  ["with another hash", 20],
])("records of a Python producer %s run, each once", async (_, misplaced) => {
  const scheduledTimeMs = Date.now() + 3_000;
  const scheduledTime = new Date(scheduledTimeMs).toISOString();
  const { stdout } = spawnSync("python3", ["-c", PYTHON, scheduledTime], { encoding: "utf8" });
  const { partitions } = bench.queue;
  const records = stdout
    .trimEnd()
    .split("\n")
    .map((value) => {
      const { orderingId } = JSON.parse(value) as { orderingId: string };
      const home = partitionOf(orderingId, partitions);
      const partition = misplaced === 0 ? home : (home + 1) % partitions;
      return { key: orderingId, value, partition };
    });
  expect(records).toHaveLength(20);
  const node = bench.startNode("node");
  await bench.produce(records);
  await node.until("all have ended", () => endsOf(node.attempts).length === 20);
  expect(new Set(keysOf(startsOf(node.attempts))).size).toBe(20);
  expect(startsOf(node.attempts)).toHaveLength(20);
  expectNoneEarly(node.attempts);
  expect(node.events("recordForwarded")).toHaveLength(misplaced);
  expect(await node.end("SIGTERM")).toBe(0);
});
