import type {
  BucketSummary,
  DeadLetter,
  IndexedSummary,
  JournalPosition,
  JournalRow,
  LoadTasks,
  PersistTasks,
  QueueSettings,
  RecordStatuses,
  TaskKey,
  TaskRow,
  TaskStore,
} from "@horae/core";
import { DeadLetterTable } from "./dead-letter-table.ts";
import { JournalTable } from "./journal-table.ts";
import { numberOf } from "./rows.ts";
import type { Session } from "./session.ts";
import { statementsOf, type Statements } from "./statements.ts";
import { SummaryTable } from "./summary-table.ts";
import { TaskTable } from "./task-table.ts";

/**
 * The rows of one queue in Cassandra. Reads and writes are of a quorum, so that a read sees what
 * was acknowledged; every write carries its caller's timestamp, so that it may arrive twice, late,
 * or after that of a later owner.
 */
export class CassandraStore implements TaskStore {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;
  readonly #tasks: TaskTable;
  readonly #summaries: SummaryTable;
  readonly #journal: JournalTable;
  readonly #letters: DeadLetterTable;

  constructor(queue: string, session: Session) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = statementsOf(session.keyspace);
    this.#tasks = new TaskTable(queue, session, this.#cql);
    this.#summaries = new SummaryTable(queue, session, this.#cql);
    this.#journal = new JournalTable(queue, session, this.#cql);
    this.#letters = new DeadLetterTable(queue, session, this.#cql);
  }

  persistTasks(write: PersistTasks): Promise<void> {
    return this.#tasks.persist(write);
  }

  recordStatuses(write: RecordStatuses): Promise<void> {
    return this.#tasks.recordStatuses(write);
  }

  loadTasks(read: LoadTasks): Promise<readonly TaskRow[]> {
    return this.#tasks.load(read);
  }

  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    return this.#tasks.find(read);
  }

  loadSummaries(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]> {
    return this.#summaries.load(read);
  }

  findSummary(read: { partition: number; bucket: number }): Promise<BucketSummary | null> {
    return this.#summaries.find(read);
  }

  writeSummary(write: {
    partition: number;
    bucket: number;
    timestamp: number;
    summary: BucketSummary;
  }): Promise<void> {
    return this.#summaries.write(write);
  }

  appendClaims(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void> {
    return this.#journal.append(write);
  }

  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    return this.#journal.load(read);
  }

  trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    return this.#journal.trim(write);
  }

  writeDeadLetter(write: {
    partition: number;
    timestamp: number;
    letter: DeadLetter;
  }): Promise<void> {
    return this.#letters.write(write);
  }

  loadDeadLetters(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]> {
    return this.#letters.load(read);
  }

  deleteBucketTasks(write: {
    partition: number;
    bucket: number;
    timestamp: number;
  }): Promise<void> {
    return this.#tasks.deleteBucket(write);
  }

  deleteSummary(write: { partition: number; bucket: number; timestamp: number }): Promise<void> {
    return this.#summaries.delete(write);
  }

  /** A transaction: of two nodes that start at the same time with other settings, one is refused. */
  async ensureQueueSettings(settings: QueueSettings): Promise<QueueSettings> {
    const { isApplied, row } = await this.#session.swap({
      operation: "ensureQueueSettings",
      cql: this.#cql.createQueueSettings,
      values: [this.#queue, settings.partitions, BigInt(settings.bucketMs)],
    });
    if (isApplied || row === null) return settings;
    return { partitions: numberOf(row, "partitions"), bucketMs: numberOf(row, "bucket_ms") };
  }
}
