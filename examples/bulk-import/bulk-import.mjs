// Schedules a task for each line of a file, as fast as the log takes them and with little memory.
// It may be started again after a crash: the same line has the same key, and is the same task.
//   node examples/bulk-import/bulk-import.mjs [file of JSON lines]
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@horae/client";

const BATCH = 1_000;
const SAMPLE_LINES = 5_000;

const dir = await mkdtemp(join(tmpdir(), "horae-import-"));
const file = process.argv[2] ?? (await writeSample(join(dir, "customers.jsonl")));
const queue = { name: "default", partitions: 8, bucketMs: 600_000 };
const horae = await createClient({ queue, embedded: { dir: join(dir, "data") } });

const counts = { lines: 0, scheduled: 0, refused: 0 };
for await (const batch of batchesOf(createInterface({ input: createReadStream(file) }))) {
  const outcomes = await horae.scheduleTasks(batch.map(taskOf));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) counts.scheduled++;
    else report(counts.lines + index + 1, outcome.error);
  }
  counts.lines += batch.length;
}
console.log(`${counts.lines} lines: ${counts.scheduled} scheduled, ${counts.refused} refused`);
await horae.close();
await rm(dir, { recursive: true });

/** One bad line is no reason to stop; a log that is away is. */
function report(line, error) {
  if (error.code !== "TASK_INVALID") throw error;
  counts.refused++;
  console.error(`line ${line}: ${error.message}`);
}

function taskOf(text) {
  const { customer, renewsAt } = JSON.parse(text);
  return {
    type: "renew-contract",
    orderingId: customer,
    scheduledTime: renewsAt,
    uniquenessKey: "renewal",
    data: { customer },
  };
}

async function* batchesOf(lines) {
  let batch = [];
  for await (const line of lines) {
    if (batch.push(line) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function writeSample(path) {
  const lines = Array.from({ length: SAMPLE_LINES }, (_, n) => {
    const renewsAt = n === 41 ? "soon" : new Date(Date.now() + n * 60_000).toISOString();
    return JSON.stringify({ customer: `customer-${n}`, renewsAt });
  });
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}
