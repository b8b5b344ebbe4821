import {
  compareTaskKeys,
  type DuplicateReason,
  isFinished,
  type TaskKey,
  type TaskRequest,
  type TaskRow,
} from "@horae/core";
import type { LoadedTask } from "./loaded-task.ts";

/** A valid schedule record of the batch that is being applied. */
export interface ReceivedTask {
  readonly key: TaskKey;
  readonly token: string;
  readonly request: TaskRequest;
}

export type Verdict =
  | { readonly kind: "insert" }
  /** The row decides. */
  | { readonly kind: "look" }
  | { readonly kind: "duplicate"; readonly reason: DuplicateReason };

const INSERT: Verdict = { kind: "insert" };
const LOOK: Verdict = { kind: "look" };

export interface MemoryView {
  /** The task in memory with the record's key. */
  readonly task: LoadedTask | undefined;
  /** What is known of a key that is not in memory. */
  readonly started: "finished" | "never-started" | "look";
  /** The record may be a replay: it lies below the log end that was read after the acquire. */
  readonly mayBeReplay: boolean;
}

/**
 * What to do with a record, as far as memory can tell. Memory answers alone for records that are
 * certainly new and keys that certainly nobody has started; it never asks whether a task is due
 * later than the acquire, because that would compare the clocks of two hosts.
 */
export function classifyByMemory(record: ReceivedTask, view: MemoryView): Verdict {
  const { task } = view;
  if (task !== undefined) {
    if (task.request.offset >= record.request.offset) return duplicate("replayed");
    // The claim freezes the data.
    return task.isClaimed ? duplicate("claimed") : INSERT;
  }
  if (view.started === "finished") return duplicate("finished");
  return view.mayBeReplay || view.started === "look" ? LOOK : INSERT;
}

/** What to do with a record whose row was read; undefined: there is none. */
export function classifyByRow(record: ReceivedTask, row: TaskRow | undefined): Verdict {
  if (row === undefined || row.request === null) return INSERT;
  if (isFinished(row.status)) return duplicate("finished");
  if (row.status !== null) return duplicate("claimed");
  // Records are compared by offset: a replay of older data leaves newer data alone.
  return row.request.offset >= record.request.offset ? duplicate("replayed") : INSERT;
}

function duplicate(reason: DuplicateReason): Verdict {
  return { kind: "duplicate", reason };
}

/** Rows by token, for rows that come in the order of their keys with gaps. */
export function matchRows(
  records: readonly ReceivedTask[],
  rows: readonly TaskRow[],
): Map<string, TaskRow> {
  const found = new Map<string, TaskRow>();
  let next = 0;
  for (const record of records) {
    const row = rows[next];
    if (row === undefined || compareTaskKeys(row.key, record.key) !== 0) continue;
    found.set(record.token, row);
    next++;
  }
  return found;
}
