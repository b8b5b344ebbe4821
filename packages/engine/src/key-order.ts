import { compareTaskKeys, type TaskKey } from "@horae/core";

/** The smaller of two keys; null stands for none. */
export function minKey(a: TaskKey | null, b: TaskKey | null): TaskKey | null {
  if (a === null || b === null) return a ?? b;
  return compareTaskKeys(a, b) <= 0 ? a : b;
}

/** The larger of two keys; null stands for none. */
export function maxKey(a: TaskKey | null, b: TaskKey | null): TaskKey | null {
  if (a === null || b === null) return a ?? b;
  return compareTaskKeys(a, b) >= 0 ? a : b;
}
