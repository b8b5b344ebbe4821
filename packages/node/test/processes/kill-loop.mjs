// One life of a node and a client on one directory; the parent kills it, or lets it end.
// Usage: kill-loop.mjs <dir> <schedule up to this task> <lines until "enough">
// Reads plan.json; appends a line to log.jsonl for each offer, ack, start and end of a task. A line is in the
// kernel's hands when writeSync returns, so that it survives the process.
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";

const ACKS_AWAITED = 50;

const [dir, scheduleTo, enough] = process.argv.slice(2);
const { queue, concurrency, tasks } = JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"));
const embedded = { dir: join(dir, "data") };
const log = join(dir, "log.jsonl");
const acked = new Set(
  readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes('"ack"'))
    .map((line) => JSON.parse(line).key),
);

const file = openSync(log, "a");
let lines = 0;
function note(fields) {
  writeSync(file, `${JSON.stringify(fields)}\n`);
  if (++lines === Number(enough)) process.stdout.write("enough\n");
}

let lastsLeft = tasks.filter((task) => task.data.isLast).length;
let allLastsEnded;
const ended = new Promise((resolve) => (allLastsEnded = resolve));

async function work(task, { attempt, fence }) {
  const { key, data } = task;
  note({ event: "start", key, attempt, fence, time: Date.now() });
  await new Promise((resolve) => setTimeout(resolve, data.workMs));
  const isRetry = data.failsFirst && attempt === 1;
  note({ event: isRetry ? "retry" : "end", key, attempt, fence, time: Date.now() });
  if (isRetry) throw new Error("once more");
  if (data.isLast && --lastsLeft === 0) allLastsEnded();
}

const node = createNode({
  config: { queue, embedded, executor: { concurrency }, logging: { level: "error" } },
  handlers: { work },
});
await node.start();
const client = await createClient({ queue: { name: queue.name }, embedded });

const missing = tasks.slice(0, Number(scheduleTo)).filter((task) => !acked.has(task.key));
while (missing.length > 0) {
  const together = missing.splice(0, ACKS_AWAITED).map(async ({ key: offered, ...task }) => {
    note({ event: "offer", key: offered });
    const { key } = await client.scheduleTask({ type: "work", ...task });
    note({ event: "ack", key });
  });
  await Promise.all(together);
}

// The last task of an ordering id runs when all others of it are done. Only the last life has them.
await ended;
await client.close();
await node.stop();
process.stdout.write("stopped\n");
