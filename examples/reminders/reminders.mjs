// Reminders of an invoice: one before it is due, one when it is, one after. Days are seconds here.
//   node examples/reminders/reminders.mjs
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";
import handlers from "./handlers.mjs";

const DAY_MS = 1_000;

const dir = await mkdtemp(join(tmpdir(), "horae-reminders-"));
const embedded = { dir };

let allSent;
const sent = new Promise((resolve) => (allSent = resolve));
const lines = [];
const node = createNode({
  config: { embedded, logging: { level: "warn" } },
  handlers: {
    "send-reminder": async (task, ctx) => {
      const result = await handlers["send-reminder"](task, ctx);
      lines.push(`${task.uniquenessKey}: invoice ${task.data.invoice} to ${result.sentTo}`);
      if (lines.length === 3) allSent();
      return result;
    },
  },
});
await node.start();
const horae = await createClient({ embedded });

/** Calling it again for the same invoice changes nothing: keys say which reminder it is. */
async function remindOf({ invoice, email, dueMs }) {
  const at = { "before it is due": -1, "on the day": 0, "after it was due": 1 };
  for (const [name, days] of Object.entries(at)) {
    await horae.scheduleTask({
      type: "send-reminder",
      orderingId: `invoice-${invoice}`,
      scheduledTime: dueMs + days * DAY_MS,
      uniquenessKey: name,
      data: { invoice, email },
    });
  }
}

const invoice = { invoice: 7, email: "ada@example.com", dueMs: Date.now() + 2 * DAY_MS };
await remindOf(invoice);
await remindOf(invoice);
await sent;
for (const line of lines) console.log(line);

await horae.close();
await node.stop();
await rm(dir, { recursive: true });
