import type { TSchema } from "@sinclair/typebox";
import {
  batchInputSchema,
  batchSchema,
  healthSchema,
  listQuerySchema,
  pageSchema,
  quarantinePageSchema,
  quarantineQuerySchema,
  queueParams,
  readinessSchema,
  replayInputSchema,
  replaySchema,
  scheduledSchema,
  staleQuerySchema,
  taskInputSchema,
  taskParams,
  taskSchema,
} from "./schemas.ts";

export interface RouteDescription {
  readonly method: "GET" | "POST";
  /** As the router has it. */
  readonly url: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly querystring?: TSchema;
  readonly body?: TSchema;
  /** By status. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** Statuses of its problems. */
  readonly problems: readonly number[];
}

/** Every route of the interface, for its OpenAPI document. */
export const ROUTE_DESCRIPTIONS: readonly RouteDescription[] = [
  {
    method: "GET",
    url: "/healthz",
    summary: "Does the process live?",
    answers: { 200: healthSchema },
    problems: [],
  },
  {
    method: "GET",
    url: "/readyz",
    summary: "Does the node do its part: own what it should, with log and store that answer?",
    answers: { 200: readinessSchema, 503: readinessSchema },
    problems: [],
  },
  {
    method: "POST",
    url: "/v1/queues/:queue/tasks",
    summary: "Schedule a task",
    params: queueParams,
    body: taskInputSchema,
    answers: { 202: scheduledSchema },
    problems: [400, 401, 404, 413, 415, 429, 503],
  },
  {
    method: "POST",
    url: "/v1/queues/:queue/tasks::batch",
    summary: "Schedule many tasks: all are checked before the first is appended",
    params: queueParams,
    body: batchInputSchema,
    answers: { 202: batchSchema },
    problems: [400, 401, 404, 413, 415, 503],
  },
  {
    method: "GET",
    url: "/v1/queues/:queue/tasks",
    summary: "List tasks of a span of time; those that failed, by the time of their failure",
    params: queueParams,
    querystring: listQuerySchema,
    answers: { 200: pageSchema },
    problems: [400, 401, 404, 503],
  },
  {
    method: "GET",
    url: "/v1/queues/:queue/tasks/:scheduledTime/:orderingId/:uniquenessKey",
    summary: "Show a task",
    params: taskParams,
    answers: { 200: taskSchema },
    problems: [400, 401, 404, 503],
  },
  {
    method: "GET",
    url: "/v1/queues/:queue/stale",
    summary: "List unfinished tasks that were due some time ago, the oldest first",
    params: queueParams,
    querystring: staleQuerySchema,
    answers: { 200: pageSchema },
    problems: [400, 401, 404, 503],
  },
  {
    method: "GET",
    url: "/v1/queues/:queue/quarantine",
    summary: "List records that could not be taken for tasks",
    params: queueParams,
    querystring: quarantineQuerySchema,
    answers: { 200: quarantinePageSchema },
    problems: [400, 401, 404, 503],
  },
  {
    method: "POST",
    url: "/v1/queues/:queue/quarantine::replay",
    summary: "Append them to the queue again, each once",
    params: queueParams,
    body: replayInputSchema,
    answers: { 200: replaySchema },
    problems: [400, 401, 404, 413, 415, 503],
  },
];
