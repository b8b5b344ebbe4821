import type { TaskKey } from "@horae/core";

/** How a watch says that a promise is broken: the invariant, whose task, and what happened. */
export type ReportViolation = (invariant: string, key: TaskKey | null, message: string) => void;
