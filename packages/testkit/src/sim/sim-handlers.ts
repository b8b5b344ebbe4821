import {
  HoraeError,
  type HandlerTask,
  parseTaskKey,
  RetryLaterError,
  type TaskContext,
  TaskFailedError,
  type TaskHandler,
  type TaskHandlers,
  type TaskKey,
  taskKeyToken,
} from "@horae/core";
import type { EndLine } from "../checker/index.ts";
import type { PlannedAttempt } from "./plan.ts";
import type { HostClock } from "./sim-clock.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimRecorder } from "./sim-recorder.ts";
import type { World } from "./world.ts";

/** The one type of task that simulations have. */
export const SIM_TYPE = "t";

const RETURNS: PlannedAttempt = { durationMs: 1, end: "returns" };

export interface SimHandlersOptions {
  readonly world: World;
  readonly process: SimProcess;
  readonly clock: HostClock;
  readonly recorder: SimRecorder;
  readonly attempts: Readonly<Record<string, readonly PlannedAttempt[]>>;
  readonly onStart: (start: {
    process: SimProcess;
    key: TaskKey;
    context: TaskContext;
    data: unknown;
  }) => void;
  /** The handler kills its process. */
  readonly onKill: () => void;
}

interface Call {
  readonly key: TaskKey;
  readonly context: TaskContext;
  readonly attempt: PlannedAttempt;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The handlers of one process: they do what the plan says, and tell the recorder. */
export function simHandlers(options: SimHandlersOptions): TaskHandlers {
  const handler: TaskHandler = (task, context) => handle(options, task, context);
  return { get: (type) => (type === SIM_TYPE ? handler : undefined) };
}

function handle(
  options: SimHandlersOptions,
  task: HandlerTask,
  context: TaskContext,
): Promise<void> {
  const { world, process, clock, recorder, attempts, onStart } = options;
  const key = parseTaskKey(task.key);
  const planned = attempts[taskKeyToken(key)] ?? [];
  const attempt = planned[Math.min(context.attempt, planned.length) - 1] ?? RETURNS;
  const { partition, epoch, fence } = context;
  recorder.add({
    line: "start",
    node: process.name,
    partition,
    epoch,
    key,
    attempt: context.attempt,
    fence,
    wallMs: clock.wallMs(),
  });
  onStart({ process, key, context, data: task.data });
  return new Promise((resolve, reject) => {
    const call = { key, context, attempt, resolve, reject };
    if (attempt.end === "deaf") return;
    if (attempt.end === "hang") {
      context.signal.addEventListener("abort", () => end(options, call));
      return;
    }
    world.after(attempt.durationMs, () => process.reach(() => end(options, call)));
  });
}

const OUTCOMES: Readonly<Record<PlannedAttempt["end"], EndLine["outcome"]>> = {
  returns: "succeeded",
  throws: "retry",
  later: "retry",
  hang: "retry",
  fails: "failed",
  deaf: "retry",
  kill: "retry",
};

function end(options: SimHandlersOptions, { key, context, attempt, resolve, reject }: Call): void {
  const { process, recorder, onKill } = options;
  if (attempt.end === "kill") {
    onKill();
    return;
  }
  const outcome = OUTCOMES[attempt.end];
  recorder.add({ line: "end", node: process.name, key, attempt: context.attempt, outcome });
  if (attempt.end === "returns") resolve();
  else if (attempt.end === "later") reject(new RetryLaterError({ delayMs: attempt.laterMs ?? 0 }));
  else if (attempt.end === "fails") reject(new TaskFailedError("as planned"));
  else reject(new HoraeError("INTERNAL", "as planned"));
}
