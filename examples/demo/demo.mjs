// 2,000 reminders to 200 customers within ten seconds: an application and a node in one process, on
// a temporary directory. Start it with ./scripts/demo.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@horae/client";
import { createNode, TaskFailedError } from "@horae/node";
import { planTasks } from "./plan.mjs";
import { readTasks } from "./read-tasks.mjs";
import { report } from "./report.mjs";

const dir = await mkdtemp(join(tmpdir(), "horae-demo-"));
const config = {
  queue: { name: "demo", partitions: 8, bucketMs: 60_000 },
  embedded: { dir },
  logging: { level: "warn" },
};

// What the handler did, in its own words. The table at the end trusts nothing that Horae counts.
const attempts = [];

const node = createNode({
  config,
  handlers: {
    "send-reminder": async (task, ctx) => {
      const { key, orderingId, data } = task;
      const attempt = { key, orderingId, number: ctx.attempt, fence: ctx.fence, end: "running" };
      attempts.push(attempt);
      attempt.startedMs = Date.now();
      await pause(2);
      attempt.endedMs = Date.now();
      if (data.fate === "fails once" && ctx.attempt === 1) {
        attempt.end = "retry";
        throw new Error("the mail server is busy");
      }
      if (data.fate === "fails for good") {
        attempt.end = "failed";
        throw new TaskFailedError("there is no such address");
      }
      attempt.end = "succeeded";
      return { sent: true };
    },
  },
});
await node.start();

// Node and client share the directory, because both are in this process.
const client = await createClient({ queue: config.queue, embedded: { dir } });
const tasks = planTasks(Date.now() + 1_000);
const outcomes = await client.scheduleTasks(tasks);
await client.close();
console.log(`${tasks.length} calls to scheduleTask(): what they acknowledged is on disk.`);

await showProgress();
await node.stop();

const rows = await readTasks({ dir, queue: config.queue });
await rm(dir, { recursive: true });
process.exitCode = report({ tasks, outcomes, attempts, rows }) ? 0 : 1;

/** Until every task has come to an end, or a minute has passed without that. */
async function showProgress() {
  const total = new Set(tasks.map(({ uniquenessKey }) => uniquenessKey)).size;
  const deadlineMs = Date.now() + 60_000;
  for (let done = 0; done < total && Date.now() < deadlineMs;) {
    await pause(process.stdout.isTTY ? 100 : 1_000);
    const count = (end) => attempts.filter((attempt) => attempt.end === end).length;
    done = count("succeeded") + count("failed");
    const line = `${done} of ${total} tasks done, ${count("running")} running, ${count("retry")} retried`;
    process.stdout.write(process.stdout.isTTY ? `\r${line.padEnd(60)}` : `${line}\n`);
  }
  process.stdout.write("\n");
}
