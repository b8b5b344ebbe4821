// Figures of the embedded store on this machine: memory idle and with many pending, ingest, drain,
// lateness. Each phase is a process of its own in one directory: `node embedded.mjs [tasks]`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";

const TASKS = 300_000;
const SETTLE_MS = 30_000;
const LATENESS_TASKS = 20_000;

/** Resident memory of this process, MB. */
function residentMb() {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
  return Math.round(Number(kb) / 1024);
}

/** Calls `look` with the largest value seen while `work` runs. */
async function peakOf(work) {
  let peak = residentMb();
  const timer = setInterval(() => (peak = Math.max(peak, residentMb())), 50);
  await work();
  clearInterval(timer);
  return peak;
}

function nodeIn(dir, handlers) {
  const config = { queue: { name: "bench" }, embedded: { dir }, logging: { level: "silent" } };
  return createNode({ config, handlers });
}

async function scheduleMany(client, count, keyOf) {
  for (let from = 0; from < count; from += 1_000) {
    const tasks = Array.from({ length: 1_000 }, (_, index) => ({
      type: "t",
      data: { n: from + index },
      ...keyOf(from + index),
    }));
    const outcomes = await client.scheduleTasks(tasks);
    if (outcomes.some(({ ok }) => !ok)) throw new Error("a task was refused");
  }
}

const PHASES = {
  /** A node on an empty directory. */
  async idle(dir) {
    const node = nodeIn(dir, { t: async () => undefined });
    await node.start();
    await sleep(SETTLE_MS);
    const rss = residentMb();
    const parts = readFileSync("/proc/self/status", "utf8")
      .match(/Rss(Anon|File):\s+\d+/g)
      .join(" ");
    await node.stop();
    return { rss, parts };
  },

  /** Tasks come in while the node runs; `lanes` ordering ids, an hour to a day ahead. */
  async ingest(dir, count, lanes) {
    const node = nodeIn(dir, { t: async () => undefined });
    await node.start();
    const client = await createClient({ queue: { name: "bench" }, embedded: { dir } });
    const startMs = performance.now();
    const firstMs = Date.now() + 3_600_000;
    const peak = await peakOf(() =>
      scheduleMany(client, count, (n) => ({
        orderingId: `o${n % lanes}`,
        scheduledTime: firstMs + Math.floor((n / count) * 82_800_000),
        uniquenessKey: `u${n}`,
      })),
    );
    const seconds = (performance.now() - startMs) / 1_000;
    await client.close();
    await node.stop();
    return { peak, perSecond: Math.round(count / seconds) };
  },

  /** Everything is overdue and runs. */
  async drain(dir, count, lanes) {
    const queue = { name: "bench", partitions: 8, bucketMs: 600_000 };
    const client = await createClient({ queue, embedded: { dir } });
    const dueMs = Date.now() - 3_600_000;
    await scheduleMany(client, count, (n) => ({
      orderingId: `d${n % lanes}`,
      scheduledTime: dueMs + Math.floor((n / count) * 1_800_000),
      uniquenessKey: `u${n}`,
    }));
    await client.close();
    return {};
  },

  async drainRun(dir, count) {
    let done = 0;
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const node = nodeIn(dir, { t: async () => void (++done === count && finish()) });
    const startMs = performance.now();
    const peak = await peakOf(async () => {
      await node.start();
      await finished;
    });
    const seconds = (performance.now() - startMs) / 1_000;
    await node.stop();
    return { peak, perSecond: Math.round(count / seconds) };
  },

  /** Start of the handler against the scheduled time, at a steady rate over ten seconds. */
  async lateness(dir) {
    const lateMs = [];
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const onTask = async (task) => {
      lateMs.push(Date.now() - task.scheduledTime.getTime());
      if (lateMs.length === LATENESS_TASKS) finish();
    };
    const node = nodeIn(dir, { t: onTask });
    await node.start();
    const client = await createClient({ queue: { name: "bench" }, embedded: { dir } });
    const firstMs = Date.now() + 5_000;
    await scheduleMany(client, LATENESS_TASKS, (n) => ({
      orderingId: `l${n % 2_000}`,
      scheduledTime: firstMs + Math.floor(n / 2),
      uniquenessKey: `u${n}`,
    }));
    await finished;
    await client.close();
    await node.stop();
    lateMs.sort((a, b) => a - b);
    const at = (share) => lateMs[Math.floor(share * (lateMs.length - 1))];
    return { perSecond: 2_000, p50: at(0.5), p99: at(0.99), max: at(1) };
  },
};

const [phase, dir, count, lanes] = process.argv.slice(2);
if (phase in PHASES) {
  console.log(JSON.stringify(await PHASES[phase](dir, Number(count), Number(lanes))));
} else {
  const tasks = Number(phase ?? TASKS);
  const inPhase = (name, at, ...words) => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [import.meta.filename, name, at, ...words.map(String)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    if (status !== 0) throw new Error(`${name} failed`);
    return JSON.parse(stdout);
  };
  const print = (name, figures) => console.log(name.padEnd(40), JSON.stringify(figures));
  for (const lanesOf of [10_000, 1]) {
    const at = mkdtempSync(join(tmpdir(), "horae-bench-"));
    if (lanesOf > 1) print("idle, nothing pending", inPhase("idle", at));
    print(`ingest ${tasks}, ${lanesOf} ordering ids`, inPhase("ingest", at, tasks, lanesOf));
    print(`idle, ${tasks} pending`, inPhase("idle", at));
    rmSync(at, { recursive: true });
  }
  const at = mkdtempSync(join(tmpdir(), "horae-bench-"));
  inPhase("drain", at, tasks, 10_000);
  print(`drain ${tasks} overdue`, inPhase("drainRun", at, tasks));
  print("lateness", inPhase("lateness", at));
  rmSync(at, { recursive: true });
}
