// A customer changes often; the CRM should hear of it once per window, with the latest state.
//   node examples/debounced-sync/debounced-sync.mjs
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@horae/client";
import { createNode } from "@horae/node";

const WINDOW_MS = 2_000;
const CUSTOMERS = 3;
const CHANGES = 100;

const dir = await mkdtemp(join(tmpdir(), "horae-sync-"));
const embedded = { dir };

const synced = [];
let allSynced;
const done = new Promise((resolve) => (allSynced = resolve));
const node = createNode({
  config: { embedded, logging: { level: "warn" } },
  handlers: {
    "sync-customer": async (task) => {
      synced.push({ customer: task.orderingId, version: task.data.version });
      if (synced.length === CUSTOMERS) allSynced();
    },
  },
});
await node.start();
const horae = await createClient({ embedded });

/**
 * All changes in a window have one key: they are one task. Until it is claimed the latest data win;
 * a change after that belongs to the next window, because its end is further away.
 */
function customerChanged(customer, version, nowMs) {
  const endOfWindowMs = (Math.floor(nowMs / WINDOW_MS) + 1) * WINDOW_MS;
  return horae.scheduleTask({
    type: "sync-customer",
    orderingId: customer,
    scheduledTime: endOfWindowMs,
    uniquenessKey: "sync",
    data: { version },
  });
}

// All of one window, so that the outcome is always the same.
const nowMs = Date.now() + WINDOW_MS;
for (let version = 1; version <= CHANGES; version++) {
  const customers = Array.from({ length: CUSTOMERS }, (_, n) => `customer-${n}`);
  await Promise.all(customers.map((customer) => customerChanged(customer, version, nowMs)));
}
await done;
console.log(`${CUSTOMERS * CHANGES} changes, ${synced.length} calls of the CRM`);
for (const { customer, version } of synced.toSorted((a, b) => (a.customer < b.customer ? -1 : 1))) {
  console.log(`${customer}: version ${version}`);
}

await horae.close();
await node.stop();
await rm(dir, { recursive: true });
