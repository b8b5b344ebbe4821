import type { ScheduleOutcome, TaskInput } from "@horae/client";
import type { Clock, Random, TaskProblem } from "@horae/core";
import { HoraeError, validateTask } from "@horae/core";
import type { FastifyInstance } from "fastify";
import { outcomeView } from "./outcome-view.ts";
import { ProblemError } from "./problem.ts";
import type { QueueParams, TaskRoutesOptions } from "./task-routes.ts";
import { backendOf } from "./task-routes.ts";

export const BATCH_TASKS_MAX = 1_000;

/** Of the request's body. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;

export interface BatchRouteOptions extends TaskRoutesOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** Many tasks in one request: all are checked before the first is appended. */
export function addBatchRoute(app: FastifyInstance, options: BatchRouteOptions): void {
  app.post<{ Params: QueueParams }>(
    "/v1/queues/:queue/tasks::batch",
    { bodyLimit: BATCH_BYTES_MAX },
    async (request, reply) => {
      const { client } = backendOf(request.params, options);
      const tasks = tasksOf(request.body);
      checkTasks(tasks, options);
      const outcomes = await client.scheduleTasks(tasks as TaskInput[]);
      const failed = outcomes.find((outcome) => !outcome.ok);
      if (failed !== undefined) throw appendFailed(failed.error, outcomes);
      return reply.code(202).send({ tasks: outcomes.map(outcomeView) });
    },
  );
}

function tasksOf(body: unknown): readonly unknown[] {
  const fields = (typeof body === "object" ? body : null) as Record<string, unknown> | null;
  const names = Object.keys(fields ?? {});
  const tasks = fields?.["tasks"];
  if (names.length !== 1 || !Array.isArray(tasks)) throw invalid("an object with `tasks`, a list");
  if (tasks.length < 1 || tasks.length > BATCH_TASKS_MAX) {
    throw invalid(`1 to ${BATCH_TASKS_MAX} tasks`);
  }
  return tasks as readonly unknown[];
}

/** Throws `TASK_INVALID` with what is wrong with any of them. */
function checkTasks(tasks: readonly unknown[], { clock, random }: BatchRouteOptions): void {
  const nowMs = clock.nowMs();
  const problems = tasks.flatMap((task, index): TaskProblem[] => {
    const validation = validateTask(task, { nowMs, random });
    if (validation.ok) return [];
    return validation.problems.map((problem) => ({
      ...problem,
      path: problem.path === "" ? `tasks[${index}]` : `tasks[${index}].${problem.path}`,
    }));
  });
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  const message = `${first.path}: expected ${first.expected}${more}; nothing was appended`;
  throw new HoraeError("TASK_INVALID", message, { details: { problems } });
}

/** Some may have been appended: an outcome for each says which. */
function appendFailed(error: HoraeError, outcomes: readonly ScheduleOutcome[]): ProblemError {
  return new ProblemError({
    status: 503,
    title: "Not all tasks were appended",
    code: error.code,
    detail: error.message,
    outcomes: outcomes.map(outcomeView),
  });
}

function invalid(expected: string): HoraeError {
  return new HoraeError("REQUEST_INVALID", `the body: expected ${expected}`, {
    details: { path: "", expected },
  });
}
