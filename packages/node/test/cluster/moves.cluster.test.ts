import { Calls } from "./checked-history.ts";
import { expectOrdered, expectRunOnce, historyOf } from "./history.ts";
import type { NodeProcess } from "./node-process.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";

const PARTITIONS = 6;
const TASKS = 2_400;
const IDS = 60;
const AHEAD_MS = 4_000;
const SPREAD_MS = 14_000;

let bench: QueueBench;
beforeAll(async () => {
  bench = await QueueBench.open({ partitions: PARTITIONS, bucketMs: 5_000 });
  await bench.horae("migrate");
}, START_MS);
afterAll(() => bench?.close());

function ownedBy(node: NodeProcess): number {
  return node.events("takeOverEnded").length - node.events("leaseReleased").length;
}

const released = (node: NodeProcess): number => node.events("leaseReleased").length;

/** How long each partition that moved was without an owner that had loaded it, milliseconds. */
function pausesOf(nodes: readonly NodeProcess[]): number[] {
  const takeOvers = nodes.flatMap((node) => node.events("takeOverEnded"));
  return nodes
    .flatMap((node) => node.events("leaseReleased"))
    .flatMap(({ partition, epoch, at }) => {
      const next = takeOvers.find((one) => one.partition === partition && one.epoch === epoch + 1);
      return next === undefined ? [] : [(next.at - at) / 1e6];
    });
}

test("joins and leaves move only what must move; order and attempts hold across each move", async () => {
  const a = bench.startNode("a");
  await a.until("it has all partitions", () => ownedBy(a) === PARTITIONS);
  const client = await bench.client();
  const firstDueMs = Date.now() + AHEAD_MS;
  const calls = new Calls();
  const tasks = Array.from({ length: TASKS }, (_, n) => ({
    type: "work",
    orderingId: `customer-${n % IDS}`,
    uniquenessKey: String(n),
    scheduledTime: firstDueMs + Math.floor((n * SPREAD_MS) / TASKS),
    data: { workMs: n % 40, failsFirst: n % 20 === 0 },
    options: { backoff: { initialMs: 20 } },
  }));
  const outcomes = await calls.note(() => client.scheduleTasks(tasks));
  const keys = outcomes.map((outcome) => (outcome.ok ? outcome.key : ""));
  expect(Date.now()).toBeLessThan(firstDueMs);
  await a.until("it is at work", () => a.attempts.length > 10);

  const b = bench.startNode("b");
  await b.until("it has its half", () => ownedBy(b) === 3);
  expect(released(a)).toBe(3);

  const c = bench.startNode("c");
  await c.until("it has its third", () => ownedBy(c) === 2);
  expect([released(a), released(b)]).toEqual([4, 1]);

  expect(await b.end("SIGTERM")).toBe(0);
  await a.until("its part of what b had has moved", () => ownedBy(a) + ownedBy(c) === PARTITIONS);
  expect([released(a), released(b), released(c)]).toEqual([4, 3, 0]);
  expect([ownedBy(a), ownedBy(c)]).toEqual([3, 3]);

  const nodes = [a, b, c];
  const endedKeys = () => historyOf(nodes).filter(({ line }) => line === "end");
  await a.until("all have ended", () => endedKeys().length === TASKS);
  const pauses = pausesOf(nodes).map(Math.round);
  expect([await a.end("SIGTERM"), await c.end("SIGTERM")]).toEqual([0, 0]);
  const history = historyOf(nodes);
  // Without a fault no lease may be lost.
  expect(nodes.flatMap((node) => node.events("leaseLost"))).toEqual([]);
  expectRunOnce(history, keys);
  expectOrdered(history);
  calls.expectKept(history, await bench.final(keys));
  for (const node of nodes) expect(node.attempts.length).toBeGreaterThan(50);
  expect(pauses).toHaveLength(7);
  if (process.env["HORAE_FIGURES"] !== undefined)
    process.stderr.write(`pauses ${pauses.join(" ")} ms\n`);
}, 60_000);
