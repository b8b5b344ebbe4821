import type { TaskStore } from "@horae/core";
import { HoraeError } from "@horae/core";
import type { NodeConfig } from "../config/settings-table.ts";

/**
 * Stores the settings of a new queue, and compares those of an old one: partitions and bucket width
 * say where rows lie, so that they cannot change. Throws `QUEUE_SETTINGS_MISMATCH`.
 */
export async function ensureQueueSettings(
  store: Pick<TaskStore, "ensureQueueSettings">,
  queue: NodeConfig["queue"],
): Promise<void> {
  const { name, partitions, bucketMs } = queue;
  const stored = await store.ensureQueueSettings({ partitions, bucketMs });
  if (stored.partitions === partitions && stored.bucketMs === bucketMs) return;
  const message =
    `the queue ${name} was created with ${stored.partitions} partitions and buckets of ` +
    `${stored.bucketMs} ms; the configuration says ${partitions} and ${bucketMs} ms`;
  throw new HoraeError("QUEUE_SETTINGS_MISMATCH", message, { details: { stored } });
}
