import { DATA_BYTES_MAX, partitionOf } from "@horae/core";
import { expectOrdered, expectRunOnce, historyOf, latenessesOf, percentile } from "./history.ts";
import { Calls } from "./checked-history.ts";
import type { NodeProcess } from "./node-process.ts";
import { poisonOfEveryKind } from "./poison.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";
import type { RawRecord } from "./queue-bench.ts";
import { paddedTo, rawTask } from "./raw-task.ts";

const TASKS = 5_000;
const IDS = 100;
const POISON = TASKS * 0.05;
const MISPLACED = 60;
const PARTITIONS = 8;
const BATCH_BYTES_MAX = 1_048_588;

/** Everything is scheduled before the first task is due. */
const AHEAD_MS = 12_000;
const SPREAD_MS = 12_000;

let bench: QueueBench;
beforeAll(async () => {
  bench = await QueueBench.open({ partitions: PARTITIONS, bucketMs: 5_000 });
}, START_MS);
afterAll(() => bench?.close());

interface Planned {
  readonly orderingId: string;
  readonly scheduledTimeMs: number;
  readonly uniquenessKey: string;
  readonly data: object;
}

function plan(firstDueMs: number): Planned[] {
  return Array.from({ length: TASKS }, (_, n) => ({
    orderingId: `customer-${n % IDS}`,
    scheduledTimeMs: firstDueMs + Math.floor((n * SPREAD_MS) / TASKS),
    uniquenessKey: String(n),
    data: { workMs: n % 5, failsFirst: n % 50 === 0 },
  }));
}

/** As librdkafka or Sarama might: to a partition that is not the queue's for that key. */
function misplaced(firstDueMs: number): { record: RawRecord; key: string }[] {
  return Array.from({ length: MISPLACED }, (_, n) => {
    const orderingId = `elsewhere-${n}`;
    const task = { orderingId, scheduledTimeMs: firstDueMs, uniquenessKey: "x" };
    const { record, key } = rawTask(task);
    const partition = (partitionOf(orderingId, PARTITIONS) + 1 + (n % 7)) % PARTITIONS;
    return { record: { ...record, partition }, key };
  });
}

/** One that is a task, one that is none: both of exactly the size that the topic takes. */
function largest(firstDueMs: number): { task: RawRecord; key: string; poison: RawRecord } {
  const orderingId = "large";
  const small = { orderingId, scheduledTimeMs: firstDueMs, uniquenessKey: "x" };
  const { record, key } = rawTask(small);
  const tooMuch = rawTask({ ...small, data: "x".repeat(DATA_BYTES_MAX + 1) }).record;
  const pad = ({ value }: RawRecord) => ({
    key: orderingId,
    value: paddedTo(BATCH_BYTES_MAX, orderingId, value as string),
  });
  return { task: pad(record), key, poison: pad(tooMuch) };
}

function poisonFor(nowMs: number): { records: RawRecord[]; codes: string[] } {
  const kinds = poisonOfEveryKind(nowMs);
  const all = Array.from({ length: POISON }, (_, n) => kinds[n % kinds.length]!);
  return { records: all.map(({ record }) => record), codes: all.map(({ code }) => code) };
}

async function quarantinedReasons(): Promise<string[]> {
  const out = await bench.horae("quarantine", "list", "--limit", "1000", "--json");
  const { records } = JSON.parse(out) as { records: { reason: string }[] };
  return records.map(({ reason }) => reason);
}

function ended(nodes: readonly NodeProcess[]): number {
  return new Set(
    nodes
      .flatMap((node) => node.attempts.filter(({ line }) => line === "end"))
      .map((one) => one.key),
  ).size;
}

test("two nodes run what three kinds of producers schedule, each task once and in order, while one of them is restarted", async () => {
  await bench.horae("migrate");
  const a = bench.startNode("a");
  const b = bench.startNode("b");
  const startedAt = performance.now();
  await Promise.all([a.ready(), b.ready()]);
  const readyMs = performance.now() - startedAt;

  const client = await bench.client();
  const firstDueMs = Date.now() + AHEAD_MS;
  const poison = poisonFor(firstDueMs);
  const elsewhere = misplaced(firstDueMs);
  const large = largest(firstDueMs);
  const half = TASKS / 2;
  const tasks = plan(firstDueMs);
  const inputOf = ({ scheduledTimeMs, ...rest }: Planned) => ({
    ...rest,
    type: "work",
    scheduledTime: scheduledTimeMs,
    options: { backoff: { initialMs: 20 } },
  });
  const askedAt = performance.now();
  const calls = new Calls();
  const schedule = (some: readonly Planned[]) =>
    calls.note(() => client.scheduleTasks(some.map(inputOf)));
  const outcomes = [...(await schedule(tasks.slice(0, half)))];
  await bench.produce(poison.records.slice(0, POISON / 2));
  await bench.produce(elsewhere.map(({ record }) => record));
  await bench.produce([large.task]);
  await bench.produce([large.poison]);
  for (const key of [...elsewhere.map((one) => one.key), large.key]) calls.add(key);
  outcomes.push(...(await schedule(tasks.slice(half))));
  await bench.produce(poison.records.slice(POISON / 2));
  const askMs = performance.now() - askedAt;
  // Else this run shows nothing of order.
  expect(Date.now()).toBeLessThan(firstDueMs - 2_000);
  await expect(
    bench.produce([{ ...large.task, value: `${large.task.value as string} ` }]),
  ).rejects.toThrow(/larger|too large/i);

  await b.until("it has run some", () => b.attempts.length > TASKS / 10);
  expect(await b.end("SIGTERM")).toBe(0);
  const again = bench.startNode("b");
  const nodes = [a, b, again];
  const keys = [
    ...outcomes.map((outcome) => (outcome.ok ? outcome.key : "")),
    ...elsewhere.map(({ key }) => key),
    large.key,
  ];
  await a.until("all have ended", () => ended(nodes) === keys.length);
  expect(await a.end("SIGTERM")).toBe(0);
  expect(await again.end("SIGTERM")).toBe(0);

  const history = historyOf(nodes);
  expectRunOnce(history, keys);
  expectOrdered(history);
  calls.expectKept(history, await bench.final(keys));
  for (const node of nodes) expect(node.attempts.length).toBeGreaterThan(TASKS / 20);
  const forwarded = nodes.flatMap((node) => node.events("recordForwarded"));
  expect(forwarded).toHaveLength(MISPLACED);
  const reasons = [...poison.codes, "DATA_TOO_LARGE"].toSorted();
  expect((await quarantinedReasons()).toSorted()).toEqual(reasons);
  expect(nodes.flatMap((node) => node.events("leaseLost"))).toEqual([]);
  const late = latenessesOf(history);
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(late, share));
  if (process.env["HORAE_FIGURES"] !== undefined) {
    process.stderr.write(`${JSON.stringify({ readyMs, askMs, p50, p99, max })}\n`);
  }
}, 120_000);
