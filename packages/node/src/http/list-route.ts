import type { Clock } from "@horae/core";
import { HoraeError } from "@horae/core";
import type { FastifyInstance } from "fastify";
import type { ListQueryTexts } from "../listing/list-query.ts";
import { parseListQuery } from "../listing/list-query.ts";
import { listTasks } from "../listing/list-tasks.ts";
import { described } from "./openapi.ts";
import { listQuerySchema, pageSchema, queueParams } from "./schemas.ts";
import type { QueueParams, TaskRoutesOptions } from "./task-routes.ts";
import { backendOf } from "./task-routes.ts";

const PARAMETERS: Readonly<Record<keyof ListQueryTexts, true>> = {
  orderingId: true,
  status: true,
  type: true,
  from: true,
  to: true,
  limit: true,
  pageToken: true,
};

const LIST = described({
  summary: "List tasks of a span of time; those that failed, by the time of their failure",
  params: queueParams,
  querystring: listQuerySchema,
  answers: { 200: pageSchema },
  problems: [400, 401, 404, 503],
});

/** Tasks of a span of time, page by page. */
export function addListRoute(
  app: FastifyInstance,
  options: TaskRoutesOptions & { readonly clock: Clock },
): void {
  app.get<{ Params: QueueParams; Querystring: Record<string, unknown> }>(
    "/v1/queues/:queue/tasks",
    LIST,
    async (request) => {
      const { tasks } = backendOf(request.params, options);
      return listTasks(tasks, parseListQuery(textsOf(request.query), options.clock.nowMs()));
    },
  );
}

/** Refuses what is unknown or given twice: a mistyped filter would list everything. */
function textsOf(query: Readonly<Record<string, unknown>>): ListQueryTexts {
  for (const [name, value] of Object.entries(query)) {
    if (!Object.hasOwn(PARAMETERS, name)) throw invalid(name, "no such parameter");
    if (typeof value !== "string") throw invalid(name, "given more than once");
  }
  return query;
}

function invalid(name: string, message: string): HoraeError {
  const path = name.slice(0, 100);
  return new HoraeError("REQUEST_INVALID", `${path}: ${message}`, { details: { path } });
}
