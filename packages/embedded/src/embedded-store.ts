import {
  type BucketSummary,
  type DeadLetter,
  HoraeError,
  type IndexedSummary,
  type JournalPosition,
  type JournalRow,
  type LoadTasks,
  type PersistTasks,
  type QueueSettings,
  type RecordStatuses,
  type TaskKey,
  type TaskRow,
  type TaskStore,
} from "@horae/core";
import { loadDeadLetters, putDeadLetter } from "./dead-letter-rows.ts";
import type { Write } from "./environment.ts";
import { readFailed, storeWriteFailed } from "./errors.ts";
import { appendClaims, loadClaims, markTrimmed, removeTrimmed } from "./journal-rows.ts";
import type { SharedDirectory } from "./shared-directory.ts";
import { findSummary, loadSummaries, putSummary } from "./summary-rows.ts";
import type { Tables } from "./tables.ts";
import * as taskRows from "./task-rows.ts";

/** Rows and bytes of one write: larger ones are split, so that others get their turn in between. */
const WRITE_ROWS_MAX = 250;
const WRITE_BYTES_MAX = 2 ** 20;

const SMALL_ROW_BYTES = 256;
const CLAIM_BYTES = 64;

interface BucketDeletion {
  readonly partition: number;
  readonly bucket: number;
  readonly timestamp: number;
}

/**
 * The rows of a directory's queue. Timestamps are compared inside the transaction that writes, so
 * that the highest wins whatever the order of arrival, also between two nodes of one process.
 *
 * What if the process dies here? A write of many rows may be in several commits: the rows that are
 * there are whole, and the caller, who was told nothing, writes them all again.
 */
export class EmbeddedStore implements TaskStore {
  readonly #shared: SharedDirectory;
  #isClosed = false;

  constructor(shared: SharedDirectory) {
    this.#shared = shared;
  }

  async persistTasks(write: PersistTasks): Promise<void> {
    const parts = inParts(write.rows, ({ request }) => request.dataJson.length);
    await allWritten(
      parts.map((part) => {
        const apply = (tables: Tables): void =>
          taskRows.persistTasks(tables, { ...write, rows: part.rows });
        return this.#write({ rows: part.rows.length, bytes: part.bytes, apply });
      }),
    );
  }

  async recordStatuses(write: RecordStatuses): Promise<void> {
    const parts = inParts(write.rows, ({ status }) => status.resultJson?.length ?? 0);
    await allWritten(
      parts.map((part) => {
        const apply = (tables: Tables): void =>
          taskRows.recordStatuses(tables, { ...write, rows: part.rows });
        return this.#write({ rows: part.rows.length, bytes: part.bytes, apply });
      }),
    );
  }

  loadTasks(read: LoadTasks): Promise<readonly TaskRow[]> {
    return this.#read((tables) => taskRows.loadTasks(tables, read));
  }

  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    return this.#read((tables) => taskRows.findTasks(tables, read));
  }

  loadSummaries(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]> {
    return this.#read((tables) => loadSummaries(tables, read));
  }

  findSummary(read: { partition: number; bucket: number }): Promise<BucketSummary | null> {
    return this.#read((tables) => findSummary(tables, read));
  }

  writeSummary(write: BucketDeletion & { summary: BucketSummary }): Promise<void> {
    return this.#write({
      rows: 1,
      bytes: SMALL_ROW_BYTES,
      apply: (tables) => putSummary(tables, write, write.summary),
    });
  }

  appendClaims(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void> {
    return this.#write({
      rows: 1,
      bytes: write.row.claims.length * CLAIM_BYTES,
      apply: (tables) => appendClaims(tables, write),
    });
  }

  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    return this.#read((tables) => loadClaims(tables, read));
  }

  async trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    await this.#removeInParts((tables, part) => {
      if (part.from === null) markTrimmed(tables, write);
      return removeTrimmed(tables, write, part);
    });
  }

  writeDeadLetter(write: {
    partition: number;
    timestamp: number;
    letter: DeadLetter;
  }): Promise<void> {
    return this.#write({
      rows: 1,
      bytes: write.letter.request.dataJson.length,
      apply: (tables) => putDeadLetter(tables, write),
    });
  }

  loadDeadLetters(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]> {
    return this.#read((tables) => loadDeadLetters(tables, read));
  }

  /** Dying in between leaves rows that the next attempt of the deletion removes. */
  async deleteBucketTasks(write: BucketDeletion): Promise<void> {
    await this.#removeInParts((tables, part) => {
      if (part.from === null) taskRows.markDeleted(tables, write);
      return taskRows.removeDeleted(tables, write, part);
    });
  }

  deleteSummary(write: BucketDeletion): Promise<void> {
    return this.#write({
      rows: 1,
      bytes: 0,
      apply: (tables) => putSummary(tables, write, null),
    });
  }

  /** They were stored when the directory was made. */
  async ensureQueueSettings(_settings: QueueSettings): Promise<QueueSettings> {
    this.#checkOpen();
    const { partitions, bucketMs } = this.#shared.queue;
    return { partitions, bucketMs };
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Writes until `remove` has nothing to go on with: each part is a transaction of its own. */
  async #removeInParts(
    remove: (
      tables: Tables,
      part: { from: Uint8Array | null; rowsMax: number },
    ) => Uint8Array | null,
  ): Promise<void> {
    let from: Uint8Array | null = null;
    do {
      const part: { from: Uint8Array | null; rowsMax: number } = { from, rowsMax: WRITE_ROWS_MAX };
      from = await this.#write({
        rows: WRITE_ROWS_MAX,
        bytes: 0,
        apply: (tables) => remove(tables, part),
      });
    } while (from !== null);
  }

  async #write<T>(write: Omit<Write<T>, "writer">): Promise<T> {
    this.#checkOpen();
    try {
      return await this.#shared.environment.write({ ...write, writer: "store" });
    } catch (error) {
      throw storeWriteFailed(error);
    }
  }

  async #read<T>(look: (tables: Tables) => T): Promise<T> {
    this.#checkOpen();
    try {
      return await this.#shared.environment.read(look);
    } catch (error) {
      throw readFailed("STORE_UNAVAILABLE", error);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HoraeError("STORE_UNAVAILABLE", "the store is closed");
  }
}

/**
 * Waits for every part, so that nothing of a write happens after its caller was told. When some
 * parts were written and others refused, the write is neither: that is `STORE_UNKNOWN`.
 */
async function allWritten(parts: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(parts);
  const refused = ended.filter((part) => part.status === "rejected");
  const reason = refused[0]?.reason as unknown;
  if (refused.length === 0) return;
  if (refused.length === ended.length) throw reason;
  const message = `${refused.length} of ${ended.length} parts were not written`;
  throw new HoraeError("STORE_UNKNOWN", message, {
    cause: reason,
    certain: false,
    retryable: true,
  });
}

/** Every part has at least one row. */
function inParts<T>(
  rows: readonly T[],
  bytesOf: (row: T) => number,
): { readonly rows: T[]; readonly bytes: number }[] {
  const parts: { rows: T[]; bytes: number }[] = [];
  for (const row of rows) {
    const bytes = bytesOf(row);
    const last = parts.at(-1);
    const fits =
      last !== undefined &&
      last.rows.length < WRITE_ROWS_MAX &&
      last.bytes + bytes <= WRITE_BYTES_MAX;
    if (fits) {
      last.rows.push(row);
      last.bytes += bytes;
    } else {
      parts.push({ rows: [row], bytes });
    }
  }
  return parts;
}
