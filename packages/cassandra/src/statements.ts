const BUCKET = "queue = ? AND partition = ? AND bucket = ?";
const PARTITION = "queue = ? AND partition = ?";
const KEY = "(scheduled_time, ordering_id, uniqueness_key)";
const TASK_COLUMNS = "scheduled_time, ordering_id, uniqueness_key, request, data, status";

/**
 * All CQL of the stores. Every write of task rows says `USING TIMESTAMP`: the caller's timestamp,
 * not a clock of driver or server, decides which write counts. Leases and queue settings are
 * written by lightweight transactions only, never by these plain writes.
 */
export function statementsOf(keyspace: string) {
  const tasks = `${keyspace}.tasks`;
  const buckets = `${keyspace}.task_buckets`;
  const journal = `${keyspace}.attempt_journal`;
  const letters = `${keyspace}.dead_letters`;
  const leases = `${keyspace}.partition_leases`;
  const settings = `${keyspace}.queue_settings`;
  return Object.freeze({
    persistTask: `INSERT INTO ${tasks} (queue, partition, bucket, scheduled_time, ordering_id, uniqueness_key, request, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
    recordStatus: `UPDATE ${tasks} USING TIMESTAMP ? SET status = ? WHERE ${BUCKET} AND scheduled_time = ? AND ordering_id = ? AND uniqueness_key = ?`,
    loadTasksFrom: `SELECT ${TASK_COLUMNS} FROM ${tasks} WHERE ${BUCKET} AND ${KEY} >= (?, ?, ?) LIMIT ?`,
    loadTasksBetween: `SELECT ${TASK_COLUMNS} FROM ${tasks} WHERE ${BUCKET} AND ${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?) LIMIT ?`,
    findTasks: `SELECT ${TASK_COLUMNS} FROM ${tasks} WHERE ${BUCKET} AND ${KEY} IN ?`,
    deleteBucketTasks: `DELETE FROM ${tasks} USING TIMESTAMP ? WHERE ${BUCKET}`,

    loadSummaries: `SELECT bucket, summary FROM ${buckets} WHERE ${PARTITION} AND bucket >= ? AND bucket <= ? LIMIT ?`,
    findSummary: `SELECT summary FROM ${buckets} WHERE ${BUCKET}`,
    writeSummary: `INSERT INTO ${buckets} (queue, partition, bucket, summary) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`,
    deleteSummary: `DELETE FROM ${buckets} USING TIMESTAMP ? WHERE ${BUCKET}`,

    appendClaims: `INSERT INTO ${journal} (queue, partition, epoch, sequence, claims) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`,
    loadClaims: `SELECT epoch, sequence, claims FROM ${journal} WHERE ${PARTITION} AND (epoch, sequence) >= (?, ?) LIMIT ?`,
    trimClaims: `DELETE FROM ${journal} USING TIMESTAMP ? WHERE ${PARTITION} AND (epoch, sequence) < (?, ?)`,

    writeDeadLetter: `INSERT INTO ${letters} (queue, partition, failed_at, scheduled_time, ordering_id, uniqueness_key, request, data, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
    loadDeadLetters: `SELECT failed_at, ${TASK_COLUMNS} FROM ${letters} WHERE ${PARTITION} AND failed_at >= ? AND failed_at < ? LIMIT ?`,

    readLease: `SELECT epoch, renewal, owner, owner_url, period_ms, ts_upper, wanted_by, checkpoint FROM ${leases} WHERE ${PARTITION}`,
    createLease: `INSERT INTO ${leases} (epoch, renewal, owner, owner_url, period_ms, ts_upper, wanted_by, checkpoint, queue, partition) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
    changeLease: `UPDATE ${leases} SET epoch = ?, renewal = ?, owner = ?, owner_url = ?, period_ms = ?, ts_upper = ?, wanted_by = ?, checkpoint = ? WHERE ${PARTITION} IF epoch = ? AND renewal = ?`,
    clock: "SELECT toUnixTimestamp(now()) AS now FROM system.local",

    createQueueSettings: `INSERT INTO ${settings} (queue, partitions, bucket_ms) VALUES (?, ?, ?) IF NOT EXISTS`,
  });
}

export type Statements = ReturnType<typeof statementsOf>;
