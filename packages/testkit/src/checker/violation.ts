import { formatTaskKey, type TaskKey } from "@horae/core";
import type { Violation } from "./history.ts";

/** What is wrong, with the task that it happened to. */
export function violation(invariant: string, key: TaskKey, message: string): Violation {
  return { invariant, key, message: `${formatTaskKey(key)}: ${message}` };
}
