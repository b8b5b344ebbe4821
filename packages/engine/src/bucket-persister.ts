import {
  bucketStartMs,
  type DuplicateReason,
  isBeyondHorizon,
  isFinished,
  taskKeyToken,
  type TaskRow,
} from "@horae/core";
import type { BucketSummaries } from "./bucket-summaries.ts";
import {
  classifyByMemory,
  classifyByRow,
  matchRows,
  type ReceivedTask,
  type Verdict,
} from "./classify-record.ts";
import { LoadedTask } from "./loaded-task.ts";
import type { RoomMaker } from "./make-room.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Sleepers } from "./sleepers.ts";
import type { ReadGuard, TaskMemory } from "./task-memory.ts";

export interface BucketPersisterOptions {
  readonly context: OwnerContext;
  readonly memory: TaskMemory;
  readonly roomMaker: RoomMaker;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
  /** Was the record there already when the partition was acquired? */
  readonly mayBeReplay: (offset: number) => boolean;
  /** A new task lies beyond the horizon. */
  readonly onBeyondHorizon: (record: ReceivedTask) => void;
}

interface Look {
  readonly bucket: number;
  readonly looks: readonly ReceivedTask[];
  readonly guard: ReadGuard;
  /** What looks have found so far, by token; undefined: no row. */
  readonly rows: Map<string, TaskRow | undefined>;
}

interface Classified {
  readonly inserts: ReceivedTask[];
  /** Duplicates of tasks that are not known to be finished. */
  readonly repeated: ReceivedTask[];
  /** Their rows, where they were looked at. */
  readonly found: TaskRow[];
  /** Rows that a look has found finished. */
  readonly finished: TaskRow[];
}

/**
 * Persists the received tasks of one bucket: looks at rows where the record may be old news, writes
 * the others and covers them by the bucket's summary, and hands those to memory that a load would
 * not bring any more.
 */
export class BucketPersister {
  readonly #options: BucketPersisterOptions;
  /** Rows whose write is under way: what a load brings for them is held. */
  readonly #inserting = new Map<string, ReceivedTask>();
  /** How many batches are being persisted, by bucket. */
  readonly #uses = new Map<number, number>();
  /** Unfinished tasks whose records count as duplicates and are not applied yet. */
  readonly #repeated = new Map<string, ReceivedTask>();

  constructor(options: BucketPersisterOptions) {
    this.#options = options;
  }

  isInserting(token: string): boolean {
    return this.#inserting.has(token);
  }

  /** Is anything of the bucket on its way to the store? */
  isUsing(bucket: number): boolean {
    return this.#uses.has(bucket);
  }

  /** Keys whose row or summary is not acknowledged yet. */
  *insertingKeys(): Generator<ReceivedTask["key"]> {
    for (const { key } of this.#inserting.values()) yield key;
    for (const { key } of this.#repeated.values()) yield key;
  }

  /**
   * Resolves when every record is persisted, or counted as a duplicate, and covered. What it
   * resolves with hands the new tasks to memory: to be called when the whole batch has come so far,
   * so that no task overtakes an earlier one of its lane that is in another bucket.
   */
  async persist(bucket: number, records: readonly ReceivedTask[]): Promise<() => void> {
    const { memory, context } = this.#options;
    const guard = memory.beginRead();
    this.#use(bucket, 1);
    const mustLook = await this.#untilKept(bucket);
    const sorted = await this.#classify(bucket, { records, mustLook }, guard);
    const { inserts, repeated, found } = sorted;
    const settle = (): void => {
      memory.endRead(guard);
      this.#use(bucket, -1);
      for (const { token } of inserts) this.#inserting.delete(token);
      for (const { token } of repeated) this.#repeated.delete(token);
    };
    try {
      await this.#writeAndCover(bucket, sorted);
    } catch (error) {
      settle();
      throw error;
    }
    return () => {
      for (const row of found) this.#passFound(row, guard);
      settle();
      for (const record of inserts) this.#passThrough(record);
      this.#options.roomMaker.makeRoom();
      context.wake();
    };
  }

  /**
   * Retention and inserts of one bucket exclude each other. True when an earlier owner has marked it and
   * did not come to an end: what may still be there of it has to be looked at.
   */
  async #untilKept(bucket: number): Promise<boolean> {
    const { summaries, context } = this.#options;
    const { bucketMs, clock, settings } = context;
    await summaries.deletion(bucket);
    const isOld = bucketStartMs(bucket + 1, bucketMs) < clock.nowMs() - settings.retentionMs;
    return isOld && (await summaries.summaryOf(bucket)).state === "deleting";
  }

  #use(bucket: number, by: 1 | -1): void {
    const uses = (this.#uses.get(bucket) ?? 0) + by;
    if (uses === 0) this.#uses.delete(bucket);
    else this.#uses.set(bucket, uses);
  }

  async #writeAndCover(bucket: number, { inserts, repeated, finished }: Classified): Promise<void> {
    const { summaries } = this.#options;
    const keys = [...inserts, ...repeated].map(({ key }) => key);
    if (keys.length > 0) {
      await Promise.all([this.#write(bucket, inserts), summaries.cover(bucket, keys)]);
      // Compared once more now that the rows are acknowledged: a raise may have flown meanwhile.
      await summaries.cover(bucket, keys);
    }
    for (const row of finished) summaries.noteFinishedRow(row);
    // Before the records count as applied: they may be all that the next owner knows of those tasks.
    if (finished.length > 0) await summaries.tellFinish(bucket);
  }

  /** Which records are to be written, and which count as duplicates of tasks that are not finished. */
  async #classify(
    bucket: number,
    { records, mustLook }: { records: readonly ReceivedTask[]; mustLook: boolean },
    guard: ReadGuard,
  ): Promise<Classified> {
    const rows: Look["rows"] = new Map();
    for (;;) {
      // Asked anew after each look: a task that memory knew may have left it meanwhile.
      const looks = records.filter(
        (record) => !rows.has(record.token) && this.#ask(record, mustLook).kind === "look",
      );
      if (looks.length === 0) break;
      await this.#look({ bucket, looks, guard, rows });
    }
    const sorted: Classified = { inserts: [], repeated: [], found: [], finished: [] };
    const counts = new Map<DuplicateReason, number>();
    // From here to the writes nothing is awaited: what memory says cannot change in between.
    for (const record of records) {
      const row = rows.get(record.token);
      const verdict = this.#decide(record, { row, mustLook });
      if (verdict.kind === "duplicate") {
        counts.set(verdict.reason, (counts.get(verdict.reason) ?? 0) + 1);
        if (verdict.reason === "finished") {
          if (row !== undefined) sorted.finished.push(row);
          continue;
        }
        // Memory may know it from a row that this owner's summary does not cover.
        this.#repeated.set(record.token, record);
        sorted.repeated.push(record);
        if (row !== undefined) sorted.found.push(row);
      } else if (isBeyondHorizon(record.key, this.#options.context.clock.nowMs())) {
        this.#options.onBeyondHorizon(record);
      } else {
        this.#hold(record);
        sorted.inserts.push(record);
      }
    }
    this.#count(counts);
    return sorted;
  }

  #ask(record: ReceivedTask, mustLook: boolean): Verdict {
    const { memory, mayBeReplay } = this.#options;
    return classifyByMemory(record, {
      task: memory.get(record.token),
      started: memory.started.find(record.key),
      mayBeReplay: mustLook || mayBeReplay(record.request.offset),
    });
  }

  /** Memory first, as it is after the look; what the look itself brought there, the row tells better. */
  #decide(
    record: ReceivedTask,
    { row, mustLook }: { row: TaskRow | undefined; mustLook: boolean },
  ): Verdict {
    const verdict = this.#ask(record, mustLook);
    const isByRow =
      verdict.kind === "duplicate" && verdict.reason === "replayed" && row !== undefined;
    return verdict.kind === "look" || isByRow ? classifyByRow(record, row) : verdict;
  }

  async #look({ bucket, looks, guard, rows }: Look): Promise<void> {
    const { context, memory } = this.#options;
    const { partition, store } = context;
    const keys = looks.map(({ key }) => key);
    const since = memory.beginRead();
    const read = await context
      .read("findTasks", () => store.findTasks({ partition, bucket, keys }))
      .finally(() => memory.endRead(since));
    const found = matchRows(looks, read);
    for (const { token } of looks) rows.set(token, found.get(token));
    // It was in memory meanwhile: its row may have changed since it was read.
    for (const token of since.left) rows.delete(token);
    for (const row of found.values()) this.#takeFound(row, guard);
  }

  #hold(record: ReceivedTask): void {
    const { memory } = this.#options;
    this.#inserting.set(record.token, record);
    const task = memory.get(record.token);
    if (task === undefined) return;
    task.state = "held";
    memory.touch(memory.lane(task));
  }

  async #write(bucket: number, inserts: readonly ReceivedTask[]): Promise<void> {
    if (inserts.length === 0) return;
    const { context } = this.#options;
    const { partition, store, telemetry } = context;
    const rows = inserts.map(({ key, request }) => ({ key, request }));
    // Dying here is safe: the applied offset has not moved, so the records are replayed, and a look
    // tells which rows were written. Request cells carry no status that a replay could reset.
    await context.write("persistTasks", (timestamp) =>
      store.persistTasks({ partition, bucket, timestamp, rows }),
    );
    telemetry.emit({ type: "tasksPersisted", partition, tasks: rows.length });
  }

  /** Row and summary are acknowledged: the task goes to memory, or a load will bring it. */
  #passThrough({ key, token, request }: ReceivedTask): void {
    const { memory } = this.#options;
    const task = memory.get(token);
    if (task !== undefined) {
      if (task.state !== "held") return;
      task.state = "waiting";
      memory.replaceRequest(task, request);
      memory.touch(memory.lane(task));
    } else if (memory.passes(key)) {
      memory.add(new LoadedTask(key, request, null));
    } else {
      memory.noteUnloaded(key);
    }
  }

  /**
   * An unfinished row that only a former owner knew, at or below what was read: it is ours now. It
   * goes to memory in the same step in which a load under way is told to leave it alone: else the
   * load returns without it, and a later task of its lane overtakes it.
   */
  #takeFound(row: TaskRow, guard: ReadGuard): void {
    const { memory, sleepers } = this.#options;
    const token = taskKeyToken(row.key);
    // It was in memory since it was looked at: what became of it is known better than by the row.
    if (memory.get(token) !== undefined || guard.left.has(token)) return;
    // A load that was announced before may bring an older version of a row with a status.
    if (row.status !== null) memory.noteLeft(token, guard);
    const task = isFinished(row.status) ? null : LoadedTask.fromRow(row);
    if (task === null) return;
    if (!memory.passes(row.key)) memory.noteUnloaded(row.key);
    else if (sleepers.takes(task)) memory.started.add(row.key, false);
    else memory.add(task);
  }

  /** Decided again, now that a summary leads to the row: a load may have passed it in between. */
  #passFound(row: TaskRow, guard: ReadGuard): void {
    const { memory } = this.#options;
    const token = taskKeyToken(row.key);
    if (memory.get(token) !== undefined) return;
    if (!guard.left.has(token)) this.#takeFound(row, guard);
    // It was dropped, or ran, since it was looked at: what it is now, a load has to say.
    else if (memory.started.find(row.key) !== "finished") memory.lowerTo(row.key);
  }

  #count(counts: Map<DuplicateReason, number>): void {
    const { telemetry, partition } = this.#options.context;
    for (const [reason, records] of counts) {
      telemetry.emit({ type: "duplicatesDropped", partition, reason, records });
    }
  }
}
