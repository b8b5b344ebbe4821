import type { Client, TaskInput } from "@horae/client";
import type { Quarantine } from "@horae/core";
import { HoraeError, parseTaskKey } from "@horae/core";
import type { FastifyInstance } from "fastify";
import type { ListSource } from "../listing/list-tasks.ts";
import { findTask } from "../listing/task-view.ts";
import { ProblemError } from "./problem.ts";

/** What the routes work on. */
export interface TaskBackend {
  readonly client: Client;
  readonly tasks: ListSource;
  readonly quarantine: Quarantine;
}

export interface TaskRoutesOptions {
  readonly queueName: string;
  /** Null while the node waits for its log and store. */
  readonly backend: () => TaskBackend | null;
}

export interface QueueParams {
  readonly queue: string;
}

interface TaskParams extends QueueParams {
  readonly scheduledTime: string;
  readonly orderingId: string;
  readonly uniquenessKey: string;
}

/** Scheduling a task, and reading one. */
export function addTaskRoutes(app: FastifyInstance, options: TaskRoutesOptions): void {
  app.post<{ Params: QueueParams }>("/v1/queues/:queue/tasks", async (request, reply) => {
    const { client } = backendOf(request.params, options);
    // The client checks it field by field, whatever it is.
    const scheduled = await client.scheduleTask(request.body as TaskInput);
    return reply.code(202).send(scheduled);
  });

  app.get<{ Params: TaskParams }>(
    "/v1/queues/:queue/tasks/:scheduledTime/:orderingId/:uniquenessKey",
    async (request) => {
      const { tasks } = backendOf(request.params, options);
      const { scheduledTime, orderingId, uniquenessKey } = request.params;
      // The router has decoded the parts; in one text they are encoded again.
      const parts = [scheduledTime, orderingId, uniquenessKey].map(encodeURIComponent);
      const task = await findTask(tasks, parseTaskKey(parts.join("/")));
      if (task !== null) return task;
      const detail = "the store has no task with this key (yet)";
      throw new ProblemError({ status: 404, title: "No such task", code: "TASK_UNKNOWN", detail });
    },
  );
}

/** Throws `QUEUE_UNKNOWN`, and `STORE_UNAVAILABLE` while the node has not started. */
export function backendOf({ queue }: QueueParams, options: TaskRoutesOptions): TaskBackend {
  if (queue !== options.queueName) {
    const detail = `this node does not serve the queue ${JSON.stringify(queue.slice(0, 100))}`;
    throw new ProblemError({ status: 404, title: "No such queue", code: "QUEUE_UNKNOWN", detail });
  }
  const backend = options.backend();
  if (backend !== null) return backend;
  throw new HoraeError("STORE_UNAVAILABLE", "the node waits for its log and store");
}
