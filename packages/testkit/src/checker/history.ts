import type { TaskKey, TaskRow } from "@horae/core";

/** One clock for the whole history, milliseconds; lines are sorted by it. */
interface At {
  readonly atMs: number;
}

/** A client begins to schedule a task. */
export interface AskLine extends At {
  readonly line: "ask";
  readonly call: number;
  readonly key: TaskKey;
  readonly maxAttempts: number;
  /** Appended to the log of another partition than its ordering id's: its place in the order is open. */
  readonly isMisplaced?: boolean;
}

/** What became of a call: the log has the task, certainly has not, or nobody knows. */
export interface AnswerLine extends At {
  readonly line: "answer";
  readonly call: number;
  readonly answer: "acked" | "refused" | "unknown";
}

/** A handler was called. */
export interface StartLine extends At {
  readonly line: "start";
  readonly node: string;
  readonly partition: number;
  readonly epoch: number;
  readonly key: TaskKey;
  readonly attempt: number;
  readonly fence: number;
  /** The node's own wall clock. */
  readonly wallMs: number;
}

/** A handler has ended: what it returned or threw, or that its node gave it up at the time-out. */
export interface EndLine extends At {
  readonly line: "end";
  readonly node: string;
  readonly key: TaskKey;
  readonly attempt: number;
  readonly outcome: "succeeded" | "retry" | "failed" | "ranAway";
}

/**
 * The process of a node begins, or is gone with everything that ran in it: it ended as it should
 * (`exit`), or died, which is a fault.
 */
export interface LifeLine extends At {
  readonly line: "boot" | "exit" | "death";
  readonly node: string;
}

/** From here until its end this fault may do harm to the nodes named (null: to all). */
export interface FaultLine extends At {
  readonly line: "faultBegan" | "faultEnded";
  readonly fault: number;
  readonly name: string;
  readonly nodes: readonly string[] | null;
}

export type HistoryLine = AskLine | AnswerLine | StartLine | EndLine | LifeLine | FaultLine;

/** What the store has at the end. */
export interface FinalTask {
  readonly key: TaskKey;
  readonly status: "pending" | "retrying" | "succeeded" | "failed";
  readonly attempts: number;
}

/** What a row says at the end. */
export function finalTaskOf({ key, status }: TaskRow): FinalTask {
  return { key, status: status?.status ?? "pending", attempts: status?.attempts ?? 0 };
}

/** Everything that was seen from outside, and what was left. */
export interface History {
  readonly lines: readonly HistoryLine[];
  readonly final: readonly FinalTask[];
  /** Tasks may be left unfinished: the run was not drained. */
  readonly isDrained: boolean;
  /** Tokens of tasks that retention has deleted: a late copy of a record makes a new one. */
  readonly deleted?: ReadonlySet<string>;
  /**
   * By task token, the epochs of the owners that took over before its record was applied: they may start
   * a later task before it. Without it any fault of the nodes that started the two may be to blame.
   */
  readonly unapplied?: ReadonlyMap<string, ReadonlySet<number>>;
}

/** A broken promise: the invariant of the design, and what happened. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly key: TaskKey | null;
}
