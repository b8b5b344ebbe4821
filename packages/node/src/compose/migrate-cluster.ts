import type { MigrateResult } from "@horae/cassandra";
import { connectCassandra, migrate } from "@horae/cassandra";
import type { Clock, Random, Refused } from "@horae/core";
import { repeat } from "@horae/core";
import type { EnsuredTopics } from "@horae/kafka";
import { checkTopics, ensureTopics } from "@horae/kafka";
import type { NodeConfig } from "../config/settings-table.ts";
import { clusterSettingsOf } from "./cluster-settings.ts";
import { ensureQueueSettings } from "./queue-settings.ts";

export interface Migrated {
  readonly topics: EnsuredTopics;
  readonly schema: MigrateResult;
  /** What is risky about the topics. */
  readonly warnings: readonly string[];
}

/** For a few seconds brokers may not agree that a new topic is there. */
const ATTEMPTS_MAX = 8;

/**
 * Makes everything that a queue needs and that is not there: keyspace, tables, settings of the
 * queue, topics. Repeating it is harmless, by several at once too. The settings go first, so that a
 * topic with another number of partitions is never made. Throws `SETTINGS_INVALID`,
 * `QUEUE_SETTINGS_MISMATCH`, `STORE_UNAVAILABLE` or `LOG_UNAVAILABLE`.
 */
export async function migrateCluster(
  config: NodeConfig,
  options: { clock: Clock; random: Random; onRefused?: (refused: Refused) => void },
): Promise<Migrated> {
  const { cassandra, kafka, replication } = clusterSettingsOf(config);
  const schema = await migrate({ settings: cassandra, replication, ...options });
  // Dying here or below: the next run finds what is there and makes the rest.
  const connection = await connectCassandra(cassandra, options);
  try {
    await ensureQueueSettings(connection.taskStore(config.queue.name), config.queue);
  } finally {
    await connection.close();
  }
  const limited = { ...options, attemptsMax: ATTEMPTS_MAX };
  const topics = await repeat(limited, () => ensureTopics(kafka));
  const checked = { ...kafka, retentionMsMin: kafka.retentionMs };
  const warnings = await repeat(limited, () => checkTopics(checked));
  return { topics, schema, warnings };
}
