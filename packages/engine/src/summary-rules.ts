import {
  type BucketSummary,
  compareTaskKeys,
  isDone,
  lowerBoundKey,
  type TaskKey,
  taskKeyToken,
} from "@horae/core";
import { minKey } from "./key-order.ts";

export interface ExceptionLimits {
  readonly exceptionsMax: number;
  readonly exceptionBytesMax: number;
}

/** Does the summary say that this key may be unfinished? */
export function covers(summary: BucketSummary, key: TaskKey): boolean {
  if (summary.lowKey !== null && compareTaskKeys(key, summary.lowKey) >= 0) return true;
  return summary.exceptions.some((exception) => compareTaskKeys(exception, key) === 0);
}

export function sameSummary(a: BucketSummary, b: BucketSummary): boolean {
  return (
    sameKey(a.lowKey, b.lowKey) &&
    a.state === b.state &&
    a.exceptions.length === b.exceptions.length &&
    a.exceptions.every((key, index) => sameKey(key, b.exceptions[index]!))
  );
}

function sameKey(a: TaskKey | null, b: TaskKey | null): boolean {
  return a === b || (a !== null && b !== null && compareTaskKeys(a, b) === 0);
}

/** Sorted and without repetition, cut off at the limits; `rest` is the first key that did not fit. */
export function takeExceptions(
  keys: readonly TaskKey[],
  limits: ExceptionLimits,
): { exceptions: TaskKey[]; rest: TaskKey | null } {
  const exceptions: TaskKey[] = [];
  let bytes = 0;
  for (const key of keys.toSorted(compareTaskKeys)) {
    const last = exceptions.at(-1);
    if (last !== undefined && compareTaskKeys(last, key) === 0) continue;
    bytes += 16 + 3 * (key.orderingId.length + key.uniquenessKey.length);
    if (exceptions.length >= limits.exceptionsMax || bytes > limits.exceptionBytesMax) {
      return { exceptions, rest: key };
    }
    exceptions.push(key);
  }
  return { exceptions, rest: null };
}

export interface Lowering {
  readonly current: BucketSummary;
  /** The keys that are to be covered. */
  readonly keys: readonly TaskKey[];
  /** First instant of the bucket, epoch milliseconds. */
  readonly startMs: number;
  /** The whole bucket lies at or above the read position: nothing in it was started. */
  readonly isAhead: boolean;
  readonly limits: ExceptionLimits;
}

/**
 * The summary that covers `keys` too; null when the current one does. A bucket that lies ahead gets
 * its first instant as low key, so that it is written once however many tasks come. Single keys
 * below the low key become exceptions: a take-over must not read the finished ground in between.
 */
export function planLowering(lowering: Lowering): BucketSummary | null {
  const { current, keys, startMs, isAhead, limits } = lowering;
  const missing = keys.filter((key) => !covers(current, key));
  if (missing.length === 0) return null;
  const lowest = missing.reduce((a, b) => minKey(a, b)!);
  const { exceptions, rest } = takeExceptions([...current.exceptions, ...missing], limits);
  const isNew = current.lowKey === null && current.lastFinishMs === null;
  // A task that comes while retention removes the bucket keeps it.
  const open = { ...current, state: "open" } as const;
  if (!isAhead && !isNew && rest === null) return { ...open, exceptions };
  const lowKey = isAhead ? lowerBoundKey(startMs) : minKey(lowest, current.lowKey)!;
  return {
    ...open,
    lowKey,
    exceptions: current.exceptions.filter((key) => compareTaskKeys(key, lowKey) < 0),
  };
}

export interface OpenKey {
  readonly key: TaskKey;
  /** A stuck task or a sleeper: the low key may move past it. */
  readonly mayBeException: boolean;
}

export interface Raising {
  readonly current: BucketSummary;
  /** Every key of the bucket that is not known to be finished, below `top` at the least. */
  readonly open: readonly OpenKey[];
  /** The low key must not pass this: read position, left-out rows, the recent past. */
  readonly top: TaskKey;
  /** First instant after the bucket, epoch milliseconds. */
  readonly endMs: number;
  readonly lastFinishMs: number | null;
  readonly limits: ExceptionLimits;
}

/**
 * The summary with the low key raised as far as acknowledged outcomes allow; null when nothing
 * changes. It never falls here: that is a lowering's business.
 */
export function planRaising(raising: Raising): BucketSummary | null {
  const { current, open, endMs, limits, lastFinishMs } = raising;
  const top = raising.top.scheduledTimeMs >= endMs ? null : raising.top;
  const isPast = isBelow(top, current.lowKey);
  const bound = isPast ? current.lowKey : top;
  const wasException = new Set(current.exceptions.map(taskKeyToken));
  const isExceptional = (entry: OpenKey): boolean =>
    entry.mayBeException || wasException.has(taskKeyToken(entry.key));
  const below = open.filter(({ key }) => isBelow(key, bound));
  const firstPlain = below
    .filter((entry) => !isExceptional(entry))
    .reduce<TaskKey | null>((low, { key }) => minKey(low, key), bound);
  const candidates = below.filter((entry) => isExceptional(entry)).map(({ key }) => key);
  // Above `top` memory is not complete: exceptions there stay as they are.
  const kept = current.exceptions.filter((key) => !isBelow(key, top));
  const wanted = [...candidates, ...kept].filter((key) => isBelow(key, firstPlain));
  const { exceptions, rest } = takeExceptions(wanted, limits);
  // Beyond the maximum the low key waits: a slower take-over of this bucket, never a loss.
  const lowKey = rest ?? firstPlain;
  if (isBelow(lowKey, current.lowKey)) return null;
  const raised = { ...current, lowKey, exceptions, lastFinishMs };
  const isSettled = !isDone(raised) || lastFinishMs === current.lastFinishMs;
  return isSettled && sameSummary(raised, current) ? null : raised;
}

/** Order of low keys: null is END, above every key. */
function isBelow(key: TaskKey | null, bound: TaskKey | null): boolean {
  if (key === null) return false;
  return bound === null || compareTaskKeys(key, bound) < 0;
}
