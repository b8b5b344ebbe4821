import type { Clock } from "@horae/core";
import type { FastifyInstance } from "fastify";
import type { ListQueryTexts, StaleQueryTexts } from "../listing/list-query.ts";
import { parseListQuery, parseStaleQuery } from "../listing/list-query.ts";
import { listStale, listTasks } from "../listing/list-tasks.ts";
import { queryTexts } from "./query-texts.ts";
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
    return listTasks(tasks, parseListQuery(queryTexts(query, LIST_PARAMETERS), nowMs()));
  });
  app.get<ListRequest>("/v1/queues/:queue/stale", async ({ params, query }) => {
    const { tasks } = backendOf(params, options);
    return listStale(tasks, parseStaleQuery(queryTexts(query, STALE_PARAMETERS), nowMs()));
  });
}
