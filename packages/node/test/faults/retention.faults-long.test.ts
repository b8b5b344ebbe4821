import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@horae/client";
import { bucketOf, parseTaskKey, sleep } from "@horae/core";
import { endsOf } from "../cluster/history.ts";
import { NodeProcess } from "../cluster/node-process.ts";
import { QueueBench, START_MS } from "../cluster/queue-bench.ts";
import { useTemporaryDirectory } from "../temporary-directory.ts";
import { faultRow } from "./fault-row.ts";

const ROW_MS = 400_000;
const DAY_MS = 86_400_000;
const CYCLES = 10;
const TASKS = 220;
const BUCKET_MS = 60_000;
const LOOK_MS = 100;

interface Trap {
  readonly operation: "writeSummary" | "deleteBucketTasks" | "deleteSummary";
  readonly when: "before" | "after";
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** At each step of a deletion, and a zombie that finishes what its successor has done. */
const TRAPS: readonly Trap[] = [
  { operation: "writeSummary", when: "after", signal: "SIGKILL" },
  { operation: "deleteBucketTasks", when: "after", signal: "SIGKILL" },
  { operation: "deleteSummary", when: "after", signal: "SIGKILL" },
  { operation: "deleteBucketTasks", when: "before", signal: "SIGSTOP" },
  { operation: "deleteSummary", when: "before", signal: "SIGSTOP" },
];

const dir = useTemporaryDirectory();
let bench: QueueBench;
const nodes: NodeProcess[] = [];
let offsetMs = 0;

beforeEach(async () => {
  bench = await QueueBench.open({
    partitions: 1,
    bucketMs: BUCKET_MS,
    config: { retention: { finishedMs: DAY_MS } },
  });
  await bench.horae("migrate");
}, START_MS);
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.end("SIGKILL")));
  await bench.close();
});

function control(trap: Trap | null): string {
  const file = join(dir.path, "control.json");
  writeFileSync(file, JSON.stringify({ offsetMs, trap }));
  return file;
}

function startNode(): NodeProcess {
  const name = `n-${nodes.length}`;
  const script = "retention-node.mjs";
  const words = [control(null)];
  const node = new NodeProcess({ name, config: bench.writeConfig(), script, words });
  nodes.push(node);
  return node;
}

/** Time passes for everybody. */
async function passDay(node: NodeProcess, trap: Trap): Promise<void> {
  offsetMs += DAY_MS + 2 * BUCKET_MS;
  control(trap);
  node.signal("SIGUSR2");
  await node.until("it sprang", () => node.traps > 0 || node.isOver);
}

/** Schedules and lets them run; their keys. `scheduledTime`: all in one bucket. */
async function runTasks(
  node: NodeProcess,
  scheduledTime: number,
  group: string,
): Promise<string[]> {
  const client = await bench.client();
  const tasks = Array.from({ length: TASKS }, (_, at) => ({
    type: "work",
    orderingId: `customer-${at % 110}`,
    uniquenessKey: `${group}-${at}`,
    scheduledTime,
  }));
  const outcomes = await client.scheduleTasks(tasks);
  const keys = outcomes.map((outcome) => (outcome.ok ? outcome.key : "refused"));
  await node.until("all have run", () => {
    const over = new Set(endsOf(node.attempts).map(({ key }) => key));
    return keys.every((key) => over.has(key));
  });
  return keys;
}

async function untilDeleted(bucket: number): Promise<void> {
  while ((await bench.buckets(0)).includes(bucket)) await sleep(systemClock, LOOK_MS);
}

async function expectNothingOf(keys: readonly string[]): Promise<void> {
  expect(await bench.final(keys)).toEqual([]);
}

faultRow({ id: 23, name: "retention, killed at each step", timeoutMs: ROW_MS }, async () => {
  let keys: string[] = [];
  let beaten = 0;
  let runs = 0;
  let node = startNode();
  await node.ready();
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const trap = TRAPS[cycle % TRAPS.length]!;
    const scheduledTime = systemClock.nowMs() + offsetMs;
    keys = await runTasks(node, scheduledTime, `c${cycle}`);
    runs += keys.length;
    const bucket = bucketOf(parseTaskKey(keys[0]!), BUCKET_MS);
    await passDay(node, trap);
    const former = node;
    node = startNode();
    await node.ready();
    await untilDeleted(bucket);
    await expectNothingOf(keys);
    if (trap.signal === "SIGSTOP") {
      // What comes into the bucket meanwhile must survive the deletion that the zombie finishes.
      const late = await runTasks(node, scheduledTime, `late${cycle}`);
      runs += late.length;
      former.signal("SIGCONT");
      await former.until("it has noticed", () => former.events("leaseLost").length > 0);
      const left = await bench.final(late);
      expect(left.map(({ status }) => status)).toEqual(late.map(() => "succeeded"));
      beaten++;
    }
    await former.end("SIGKILL");
  }
  const sprung = nodes.reduce((sum, { traps }) => sum + traps, 0);
  expect(sprung).toBe(CYCLES);
  const ends = endsOf(nodes.flatMap(({ attempts }) => attempts));
  expect(ends).toHaveLength(runs);
  offsetMs += DAY_MS + 2 * BUCKET_MS;
  control(null);
  node.signal("SIGUSR2");
  await untilDeleted(bucketOf(parseTaskKey(keys[0]!), BUCKET_MS));
  while ((await bench.buckets(0)).length > 0) await sleep(systemClock, LOOK_MS);
  expect(await node.end("SIGTERM")).toBe(0);
  return {
    evidence: `${sprung} deletions cut off, ${beaten} of them finished by a zombie; nothing is left`,
    figures: { cycles: CYCLES, tasks: runs, rowsLeft: 0 },
  };
});
