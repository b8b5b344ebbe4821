import {
  type AppendRequest,
  bucketOf,
  decodeRecord,
  Ending,
  fingerprintOf,
  hasCode,
  type LogReader,
  type LogRecord,
  partitionOf,
  sleep,
  taskKeyToken,
} from "@horae/core";
import type { BucketPersister } from "./bucket-persister.ts";
import type { ReceivedTask } from "./classify-record.ts";
import { checkLog } from "./log-position.ts";
import type { OwnerContext } from "./owner-context.ts";

/** Says that a record was sent on by a node, and from which partition. */
export const FORWARDED_HEADER = "horae-forwarded-from";

/** Pause after the log could not be read. */
const LOG_PAUSE_MS = 500;

interface Refusal {
  readonly record: LogRecord;
  readonly reason: string;
  readonly message: string;
}

interface SortedBatch {
  readonly tasks: Map<string, ReceivedTask>;
  readonly refused: Refusal[];
  readonly misplaced: { readonly record: LogRecord; readonly toPartition: number }[];
  superseded: number;
}

/**
 * Reads the log of one partition and persists what it says. The applied offset moves over a batch
 * only when each of its records is persisted, quarantined or sent on, acknowledged.
 */
export class Receiver {
  readonly #context: OwnerContext;
  #persister: BucketPersister | null = null;
  #appliedOffset: number;
  #fingerprint: string | null;
  /** Null until the log was compared with the checkpoint. */
  #logEnd: number | null = null;
  readonly #stopping = new Ending();
  #reader: LogReader | null = null;
  #refusedLate: Refusal[] = [];
  #records = new Map<string, LogRecord>();

  /** Begins where the checkpoint in the lease says. */
  constructor(context: OwnerContext) {
    const { appliedOffset, fingerprint } = context.lease.checkpoint;
    this.#context = context;
    this.#appliedOffset = appliedOffset;
    this.#fingerprint = fingerprint;
  }

  /** Was the log found to continue the checkpoint? */
  get isPlaced(): boolean {
    return this.#logEnd !== null;
  }

  /** First offset that was not yet on the log after the acquire. */
  get logEnd(): number {
    return this.#logEnd ?? Infinity;
  }

  get appliedOffset(): number {
    return this.#appliedOffset;
  }

  /** Fingerprint of the record at the applied offset. */
  get fingerprint(): string | null {
    return this.#fingerprint;
  }

  /** Has everything been applied that was on the log at the acquire? */
  get hasCaughtUp(): boolean {
    return this.#appliedOffset + 1 >= this.logEnd;
  }

  /** A new task lies beyond the horizon: its record is quarantined with the batch. */
  refuseBeyondHorizon({ token }: ReceivedTask): void {
    const record = this.#records.get(token);
    if (record === undefined) return;
    const message = "scheduledTime: expected a time within the horizon of ten years";
    this.#refusedLate.push({ record, reason: "TIME_OUT_OF_RANGE", message });
  }

  /**
   * Receives until the epoch is over or `stop` is called. Throws `LOG_GAP`: before it was placed, when the
   * log does not continue the checkpoint; later, when its reader meets a gap.
   */
  async run(persister: BucketPersister): Promise<void> {
    this.#persister = persister;
    const context = this.#context;
    const { partition, log, settings, signal } = context;
    signal.addEventListener("abort", () => void this.stop());
    if (!(await this.#place())) return;
    const reader = log.openReader({ partition, fromOffset: this.#appliedOffset + 1 });
    this.#reader = reader;
    const limits = { recordsMax: settings.receiveRecordsMax, bytesMax: settings.receiveBytesMax };
    while (!this.#stopping.aborted) {
      const records = await this.#read(reader, limits);
      if (records === null) continue;
      if (records.length === 0) return;
      await this.#apply(records);
    }
  }

  /** Reads no more; a batch that is being applied is finished or not, as the epoch allows. */
  async stop(): Promise<void> {
    this.#stopping.end();
    await this.#reader?.close();
  }

  /** False when it was stopped before the log has answered. */
  async #place(): Promise<boolean> {
    const { checkpoint } = this.#context.lease;
    const signal = this.#stopping;
    try {
      const position = await checkLog(this.#context, { checkpoint, signal });
      this.#appliedOffset = position.appliedOffset;
      this.#fingerprint = position.fingerprint;
      this.#logEnd = position.logEnd;
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** null when the log did not answer. */
  async #read(
    reader: LogReader,
    limits: { recordsMax: number; bytesMax: number },
  ): Promise<readonly LogRecord[] | null> {
    try {
      return await reader.read(limits);
    } catch (error) {
      if (!hasCode(error, "LOG_UNAVAILABLE")) throw error;
      const { partition, telemetry, clock, signal } = this.#context;
      const { message } = error as Error;
      telemetry.emit({
        type: "portFailed",
        partition,
        operation: "readLog",
        code: "LOG_UNAVAILABLE",
        message,
      });
      await sleep(clock, LOG_PAUSE_MS, signal);
      return null;
    }
  }

  async #apply(records: readonly LogRecord[]): Promise<void> {
    const { telemetry, partition } = this.#context;
    telemetry.emit({ type: "recordsReceived", partition, records: records.length });
    const batch = this.#sort(records);
    if (batch.superseded > 0) {
      telemetry.emit({
        type: "duplicatesDropped",
        partition,
        reason: "superseded",
        records: batch.superseded,
      });
    }
    const persisted = [...this.#byBucket(batch)].map(([bucket, tasks]) =>
      this.#persister!.persist(bucket, tasks),
    );
    const others = Promise.all([this.#forward(batch), this.#quarantine(batch.refused)]);
    // What goes wrong with the others is met below; it must not count as unhandled until then.
    others.catch(() => undefined);
    for (const passThrough of await Promise.all(persisted)) passThrough();
    await others;
    await this.#quarantine(this.#refusedLate);
    this.#refusedLate = [];
    const last = records.at(-1)!;
    // Dying before the next checkpoint: the records are read again, and looks find their rows.
    this.#appliedOffset = last.offset;
    this.#fingerprint = fingerprintOf(last);
  }

  #sort(records: readonly LogRecord[]): SortedBatch {
    const batch: SortedBatch = { tasks: new Map(), refused: [], misplaced: [], superseded: 0 };
    this.#records = new Map();
    for (const record of records) this.#sortOne(record, batch);
    return batch;
  }

  #sortOne(record: LogRecord, batch: SortedBatch): void {
    const decoded = decodeRecord(record, { nowMs: null });
    if (!decoded.ok) {
      batch.refused.push({ record, reason: decoded.code, message: decoded.message });
      return;
    }
    const { key, request } = decoded;
    const toPartition = partitionOf(key.orderingId, this.#context.partitions);
    if (toPartition !== record.partition) {
      this.#sortMisplaced(record, toPartition, batch);
      return;
    }
    const token = taskKeyToken(key);
    // Within a batch only the last record of a key counts.
    if (batch.tasks.has(token)) batch.superseded++;
    batch.tasks.set(token, { key, token, request });
    this.#records.set(token, record);
  }

  /** Another producer's partitioner is no error; a record that a node has sent on once is. */
  #sortMisplaced(record: LogRecord, toPartition: number, batch: SortedBatch): void {
    if (record.headers[FORWARDED_HEADER] === undefined) {
      batch.misplaced.push({ record, toPartition });
      return;
    }
    const message = `was sent on to partition ${record.partition}, belongs to ${toPartition}`;
    batch.refused.push({ record, reason: "PARTITION_WRONG", message });
  }

  #byBucket(batch: SortedBatch): Map<number, ReceivedTask[]> {
    const buckets = new Map<number, ReceivedTask[]>();
    for (const task of batch.tasks.values()) {
      const bucket = bucketOf(task.key, this.#context.bucketMs);
      const tasks = buckets.get(bucket);
      if (tasks === undefined) buckets.set(bucket, [task]);
      else tasks.push(task);
    }
    return buckets;
  }

  async #forward(batch: SortedBatch): Promise<void> {
    const context = this.#context;
    const { log, telemetry, partition } = context;
    for (const { record, toPartition } of batch.misplaced) {
      const headers = { ...record.headers, [FORWARDED_HEADER]: String(partition) };
      const request: AppendRequest = {
        partition: toPartition,
        key: record.key!,
        value: record.value!,
        headers,
      };
      // Dying between this and the checkpoint sends it twice: the key dedupes.
      await context.read("forward", () => log.append(request));
      telemetry.emit({ type: "recordForwarded", partition, offset: record.offset, toPartition });
    }
  }

  async #quarantine(refused: readonly Refusal[]): Promise<void> {
    const context = this.#context;
    const { log, telemetry, partition } = context;
    await Promise.all(
      refused.map(async (entry) => {
        // Dying between this and the checkpoint quarantines it again, with the same key.
        await context.read("quarantine", () => log.quarantine(entry));
        const { offset } = entry.record;
        telemetry.emit({ type: "recordQuarantined", partition, offset, reason: entry.reason });
      }),
    );
  }
}
