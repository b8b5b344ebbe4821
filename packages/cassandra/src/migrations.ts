/**
 * What the tables of task rows need, whatever the version of Cassandra: levelled compaction reads
 * few files per row and is at home in 4.x and 5.x. Never TWCS: it sorts by write time, and ours are
 * explicit. Blocking read repair (the default, said here because the protocol leans on it): what a
 * quorum has shown once, every later quorum shows.
 */
const ROWS =
  "compaction = {'class': 'LeveledCompactionStrategy'} AND read_repair = 'BLOCKING' AND gc_grace_seconds = 864000";

/**
 * Trimmed journal rows that come back from a replica which missed the tombstone lie below the
 * journal position and are never read, so their tombstones need no ten days.
 */
const JOURNAL =
  "compaction = {'class': 'LeveledCompactionStrategy'} AND read_repair = 'BLOCKING' AND gc_grace_seconds = 86400";

const TASK_KEY = "scheduled_time timestamp, ordering_id text, uniqueness_key text";

export interface Migration {
  readonly description: string;
  /** Each may have been carried out before: `IF NOT EXISTS` everywhere. */
  readonly statements: (keyspace: string) => readonly string[];
}

/** Version n of the schema is the first n of these. A migration that was released is never changed. */
export const MIGRATIONS: readonly Migration[] = [
  {
    description:
      "task rows, bucket summaries, attempt journal, dead letters, leases, queue settings",
    statements: (keyspace) => [
      `CREATE TABLE IF NOT EXISTS ${keyspace}.tasks (
        queue text, partition int, bucket bigint, ${TASK_KEY}, request text, data text, status text,
        PRIMARY KEY ((queue, partition, bucket), scheduled_time, ordering_id, uniqueness_key)
      ) WITH ${ROWS}`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.task_buckets (
        queue text, partition int, bucket bigint, summary text,
        PRIMARY KEY ((queue, partition), bucket)
      ) WITH ${ROWS}`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.attempt_journal (
        queue text, partition int, epoch bigint, sequence bigint, claims text,
        PRIMARY KEY ((queue, partition), epoch, sequence)
      ) WITH ${JOURNAL}`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.dead_letters (
        queue text, partition int, failed_at timestamp, ${TASK_KEY}, request text, data text, status text,
        PRIMARY KEY ((queue, partition), failed_at, scheduled_time, ordering_id, uniqueness_key)
      ) WITH ${ROWS}`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.partition_leases (
        queue text, partition int, epoch bigint, renewal bigint, owner text, owner_url text,
        period_ms int, ts_upper bigint, wanted_by text, checkpoint text,
        PRIMARY KEY ((queue, partition))
      ) WITH ${ROWS}`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.queue_settings (
        queue text PRIMARY KEY, partitions int, bucket_ms bigint
      ) WITH ${ROWS}`,
    ],
  },
];

/** The version of the schema that this code works on. */
export const SCHEMA_VERSION = MIGRATIONS.length;
