// A handler that hangs past its time-out is started again elsewhere, and may wake up later and write.
// The fence of the attempt keeps its late write out.
//   node examples/fenced-write/fenced-write.mjs
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";
import { Accounts } from "./accounts.mjs";

const HANGS_MS = 1_500;
const ATTEMPT_TIMEOUT_MS = 300;

const accounts = new Accounts();
accounts.insert("a-1", 100);

const dir = await mkdtemp(join(tmpdir(), "horae-fence-"));
const embedded = { dir };
const lines = [];
let bothWritten;
const written = new Promise((resolve) => (bothWritten = resolve));

const node = createNode({
  config: { embedded, logging: { level: "error" } },
  // A second attempt starts soon after the first one was told to stop.
  engine: { abortGraceMs: 200 },
  handlers: {
    "add-interest": async (task, ctx) => {
      const { balance } = accounts.select(task.orderingId);
      // The first attempt hangs, and takes no notice of ctx.signal: a badly written library.
      if (ctx.attempt === 1) await pause(HANGS_MS);
      const rows = accounts.update(task.orderingId, { balance: balance + 1, fence: ctx.fence });
      lines.push(`attempt ${ctx.attempt}: ${rows === 1 ? "wrote" : "came too late"}`);
      if (lines.length === 2) bothWritten();
    },
  },
});
await node.start();
const horae = await createClient({ embedded });
await horae.scheduleTask({
  type: "add-interest",
  orderingId: "a-1",
  scheduledTime: Date.now(),
  options: { attemptTimeoutMs: ATTEMPT_TIMEOUT_MS, backoff: { initialMs: 100 } },
});
await written;
for (const line of lines) console.log(line);
console.log(`balance ${accounts.select("a-1").balance}`);

await horae.close();
await node.stop();
await rm(dir, { recursive: true });
