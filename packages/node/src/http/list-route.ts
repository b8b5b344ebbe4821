import type { Clock } from "@horae/core";
import { HoraeError } from "@horae/core";
import type { FastifyInstance } from "fastify";
import type { ListQueryTexts, StaleQueryTexts } from "../listing/list-query.ts";
import { parseListQuery, parseStaleQuery } from "../listing/list-query.ts";
import { listStale, listTasks } from "../listing/list-tasks.ts";
import type { QueueParams, TaskRoutesOptions } from "./task-routes.ts";
import { backendOf } from "./task-routes.ts";

const LIST_PARAMETERS: Readonly<Record<keyof ListQueryTexts, true>> = {
  orderingId: true,
  status: true,
  type: true,
  from: true,
  to: true,
  limit: true,
  pageToken: true,
};

const STALE_PARAMETERS: Readonly<Record<keyof StaleQueryTexts, true>> = {
  olderThanMs: true,
  limit: true,
  pageToken: true,
};

interface ListRequest {
  Params: QueueParams;
  Querystring: Record<string, unknown>;
}

/** Tasks of a span of time, and stale ones, page by page. */
export function addListRoutes(
  app: FastifyInstance,
  options: TaskRoutesOptions & { readonly clock: Clock },
): void {
  const nowMs = (): number => options.clock.nowMs();
  app.get<ListRequest>("/v1/queues/:queue/tasks", async ({ params, query }) => {
    const { tasks } = backendOf(params, options);
    return listTasks(tasks, parseListQuery(textsOf(query, LIST_PARAMETERS), nowMs()));
  });
  app.get<ListRequest>("/v1/queues/:queue/stale", async ({ params, query }) => {
    const { tasks } = backendOf(params, options);
    return listStale(tasks, parseStaleQuery(textsOf(query, STALE_PARAMETERS), nowMs()));
  });
}

/** Refuses what is unknown or given twice: a mistyped filter would list everything. */
function textsOf<Name extends string>(
  query: Readonly<Record<string, unknown>>,
  known: Readonly<Record<Name, true>>,
): Partial<Record<Name, string>> {
  for (const [name, value] of Object.entries(query)) {
    if (!Object.hasOwn(known, name)) throw invalid(name, "no such parameter");
    if (typeof value !== "string") throw invalid(name, "given more than once");
  }
  return query as Partial<Record<Name, string>>;
}

function invalid(name: string, message: string): HoraeError {
  const path = name.slice(0, 100);
  return new HoraeError("REQUEST_INVALID", `${path}: ${message}`, { details: { path } });
}
