// Figures on this machine: memory idle and with many pending, ingest, drain, lateness.
//   node figures.mjs embedded|cluster [tasks]
// Each phase is a process of its own. `cluster` starts Kafka and Cassandra, one node each, for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";
import { startDirectory, startServers } from "./places.mjs";

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

function nodeOf(place, handlers) {
  return createNode({ config: { ...place.config, logging: { level: "silent" } }, handlers });
}

function clientOf({ config: { queue, embedded, kafka } }) {
  return createClient(
    embedded === undefined
      ? { queue: { name: queue.name }, kafka: { brokers: kafka.brokers } }
      : { queue, embedded },
  );
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
  /** A node with nothing to do. */
  async idle(place) {
    const node = nodeOf(place, { t: async () => undefined });
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
  async ingest(place, { count, lanes }) {
    const node = nodeOf(place, { t: async () => undefined });
    await node.start();
    const client = await clientOf(place);
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
  async drain(place, { count, lanes }) {
    const client = await clientOf(place);
    const dueMs = Date.now() - 3_600_000;
    await scheduleMany(client, count, (n) => ({
      orderingId: `d${n % lanes}`,
      scheduledTime: dueMs + Math.floor((n / count) * 1_800_000),
      uniquenessKey: `u${n}`,
    }));
    await client.close();
    return {};
  },

  async drainRun(place, { count }) {
    let done = 0;
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const node = nodeOf(place, { t: async () => void (++done === count && finish()) });
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
  async lateness(place) {
    const lateMs = [];
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const onTask = async (task) => {
      lateMs.push(Date.now() - task.scheduledTime.getTime());
      if (lateMs.length === LATENESS_TASKS) finish();
    };
    const node = nodeOf(place, { t: onTask });
    await node.start();
    const client = await clientOf(place);
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

const PLACES = { embedded: startDirectory, cluster: startServers };

/** Runs a phase in a process of its own, and prints what it says. */
async function report(place, title, { phase, ...options }) {
  const before = await place.statements();
  const words = [import.meta.filename, phase, JSON.stringify(place), JSON.stringify(options)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${phase} failed`);
  const statements = (await place.statements()) - before;
  const perTask =
    options.count === undefined ? {} : { statementsPerTask: statements / options.count };
  const figures = { ...JSON.parse(out), ...(statements > 0 && perTask) };
  console.log(title.padEnd(40), JSON.stringify(figures));
}

async function reportAll(start, tasks) {
  for (const lanes of [10_000, 1]) {
    const place = await start();
    if (lanes > 1) await report(place, "idle, nothing pending", { phase: "idle" });
    const about = `ingest ${tasks}, ${lanes} ordering ids`;
    await report(place, about, { phase: "ingest", count: tasks, lanes });
    await report(place, `idle, ${tasks} pending`, { phase: "idle" });
    await place.stop();
  }
  const place = await start();
  await report(place, "overdue, no node yet", { phase: "drain", count: tasks, lanes: 10_000 });
  await report(place, `drain ${tasks} overdue`, { phase: "drainRun", count: tasks });
  await report(place, "lateness", { phase: "lateness" });
  await place.stop();
}

const [name, ...words] = process.argv.slice(2);
if (Object.hasOwn(PHASES, name)) {
  const [place, options] = words.map((word) => JSON.parse(word));
  console.log(JSON.stringify(await PHASES[name](place, options)));
} else if (Object.hasOwn(PLACES, name)) {
  // Servers that start or stop do not keep this process.
  const alive = setInterval(() => undefined, 60_000);
  await reportAll(PLACES[name], Number(words[0] ?? TASKS));
  clearInterval(alive);
} else {
  console.error("usage: node figures.mjs embedded|cluster [tasks]");
  process.exitCode = 2;
}
