import type { TaskStore } from "@horae/core";
import { compareTaskKeys, partitionOf } from "@horae/core";
import type { LetterPosition, ListedLetter } from "./letter-cursor.ts";
import { compareLetters, LetterCursor } from "./letter-cursor.ts";
import type { ListQuery, StaleQuery } from "./list-query.ts";
import { mergeCursors } from "./merge-cursors.ts";
import { formatPageToken } from "./page-token.ts";
import { ReadBudget } from "./read-budget.ts";
import type { ListedRow } from "./row-cursor.ts";
import { RowCursor } from "./row-cursor.ts";
import { StaleCursor } from "./stale-cursor.ts";
import type { TaskSource, TaskView } from "./task-view.ts";
import { taskView } from "./task-view.ts";

/** A page reads so many rows for each task that it may have. */
const ROWS_PER_TASK = 10;
const ROWS_AT_ONCE_MAX = 200;

/** Part of a list of tasks. */
export interface TaskPage {
  /** In the order of their keys; failed ones in the order of their failures. */
  readonly tasks: readonly TaskView[];
  /** Where the next page begins; null: there is nothing more. */
  readonly nextPageToken: string | null;
  /** Rows that were looked at. */
  readonly rowsRead: number;
  /** True when the page ended because it had read enough, not because it was full. */
  readonly isCutShort: boolean;
}

export interface ListSource extends TaskSource {
  readonly store: Pick<TaskStore, "findTasks" | "loadSummaries" | "loadTasks" | "loadDeadLetters">;
}

interface Candidate {
  readonly position: LetterPosition;
  readonly view: TaskView | null;
}

/**
 * Lists tasks from the store. Reads at most ten rows for each of `limit` tasks (or two for each
 * partition, if that is more), whatever it finds, and says how many. Throws `STORE_UNAVAILABLE`.
 */
export function listTasks(source: ListSource, query: ListQuery): Promise<TaskPage> {
  const scan = scanOf(source, query);
  return pageOf(query.status === "failed" ? failed(scan) : rows(scan, RowCursor), scan);
}

/**
 * Lists unfinished tasks that were due before a moment, the oldest first, however old they are. Its
 * cost depends neither on finished tasks nor on time. Throws `STORE_UNAVAILABLE`.
 */
export function listStale(source: ListSource, stale: StaleQuery): Promise<TaskPage> {
  const { beforeMs: toMs, limit, after } = stale;
  const query = { orderingId: null, status: null, type: null, fromMs: 0, toMs, limit, after };
  const scan = scanOf(source, query);
  return pageOf(rows(scan, StaleCursor), scan);
}

function scanOf(source: ListSource, query: ListQuery): Scan {
  const { orderingId, limit } = query;
  const { partitions } = source.queue;
  const wanted =
    orderingId === null
      ? Array.from({ length: partitions }, (_, partition) => partition)
      : [partitionOf(orderingId, partitions)];
  const rowsMax = Math.max(ROWS_PER_TASK * limit, 2 * wanted.length);
  const budget = new ReadBudget(rowsMax);
  // Half of the budget fills the heads, so that each page gets on.
  const atOnce = Math.max(1, Math.floor(rowsMax / (2 * wanted.length)));
  return { source, query, budget, partitions: wanted, rowsMax: Math.min(atOnce, ROWS_AT_ONCE_MAX) };
}

interface Scan {
  readonly source: ListSource;
  readonly query: ListQuery;
  readonly budget: ReadBudget;
  readonly partitions: readonly number[];
  readonly rowsMax: number;
}

type Candidates = AsyncGenerator<Candidate, "end" | "spent", undefined>;

async function pageOf(candidates: Candidates, { query, budget }: Scan): Promise<TaskPage> {
  const tasks: TaskView[] = [];
  let last: LetterPosition | null = query.after;
  for (;;) {
    const step = await candidates.next();
    const isOver = step.done === true && step.value === "end";
    const isCutShort = step.done === true && !isOver && tasks.length < query.limit;
    if (step.done !== true && tasks.length < query.limit) {
      const { position, view } = step.value;
      last = position;
      if (view !== null && matches(view, query)) tasks.push(view);
      continue;
    }
    const nextPageToken = isOver || last === null ? null : formatPageToken(last);
    return { tasks, nextPageToken, rowsRead: budget.rowsRead, isCutShort };
  }
}

async function* rows(
  { source, query, budget, partitions, rowsMax }: Scan,
  CursorClass: typeof RowCursor | typeof StaleCursor,
): Candidates {
  const { store, queue, isRunning } = source;
  const { fromMs, toMs } = query;
  const span = { bucketMs: queue.bucketMs, fromMs, toMs, after: query.after?.key ?? null, rowsMax };
  const cursors = partitions.map(
    (partition) => new CursorClass(store, { ...span, partition }, budget),
  );
  const merged = mergeCursors<ListedRow>(cursors, (a, b) => compareTaskKeys(a.row.key, b.row.key));
  for (;;) {
    const step = await merged.next();
    if (step.done === true) return step.value;
    const { partition, row } = step.value;
    const view = taskView(row, { partition, isRunning: isRunning(row.key) });
    yield { position: { failedAtMs: 0, key: row.key }, view };
  }
}

async function* failed({ source, query, budget, partitions, rowsMax }: Scan): Candidates {
  const { fromMs, toMs, after } = query;
  const cursors = partitions.map(
    (partition) =>
      new LetterCursor(source.store, { partition, fromMs, toMs, after, rowsMax }, budget),
  );
  const merged = mergeCursors<ListedLetter>(cursors, (a, b) => compareLetters(a.letter, b.letter));
  for (;;) {
    const step = await merged.next();
    if (step.done === true) return step.value;
    const { partition, letter } = step.value;
    yield { position: letter, view: taskView(letter, { partition, isRunning: false }) };
  }
}

function matches(view: TaskView, { orderingId, status, type }: ListQuery): boolean {
  return (
    (orderingId === null || view.orderingId === orderingId) &&
    (status === null || view.status === status) &&
    (type === null || view.type === type)
  );
}
