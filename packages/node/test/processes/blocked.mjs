// A node with a handler that blocks the event loop. Usage: blocked.mjs <dir> <type ...>: schedules one
// task of each type, and ends when one of type "last" has run.
import { once } from "node:events";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";

const [dir, ...types] = process.argv.slice(2);
const config = { queue: { name: "blocked" }, embedded: { dir } };
const ended = new EventTarget();
const handlers = {
  waits: () => new Promise(() => console.log("waits")),
  blocks: () => {
    for (;;);
  },
  last: () => void ended.dispatchEvent(new Event("last")),
};
const node = createNode({ config: { ...config, watchdog: { blockedMs: 1_000 } }, handlers });
await node.start();
const client = await createClient(config);
const next = async (type) =>
  client.scheduleTask({
    type,
    orderingId: type,
    scheduledTime: 0,
    uniquenessKey: "u",
    options: { attemptTimeoutMs: 100_000 },
  });
for (const type of types) await next(type);
process.stdin.once("data", () => void next("last"));
await once(ended, "last");
await client.close();
console.log("ended by itself");
process.exit(0);
