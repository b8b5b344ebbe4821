import type { QuarantineFilter } from "@horae/core";
import type { FastifyInstance } from "fastify";
import { limitOf } from "../listing/list-query.ts";
import { parsePosition, positionText, quarantinePage } from "../quarantine-view.ts";
import { queryTexts, requestInvalid } from "./query-texts.ts";
import type { QueueParams, TaskRoutesOptions } from "./task-routes.ts";
import { backendOf } from "./task-routes.ts";

const PARAMETERS = { reason: true, position: true, limit: true } as const;

/** Records that could not be taken for tasks, and appending them again. */
export function addQuarantineRoutes(app: FastifyInstance, options: TaskRoutesOptions): void {
  app.get<{ Params: QueueParams; Querystring: Record<string, unknown> }>(
    "/v1/queues/:queue/quarantine",
    async ({ params, query }) => {
      const { quarantine } = backendOf(params, options);
      const { reason, position, limit } = queryTexts(query, PARAMETERS);
      return quarantinePage(quarantine, filterOf(reason, position), limitOf(limit));
    },
  );
  app.post<{ Params: QueueParams }>(
    "/v1/queues/:queue/quarantine::replay",
    async ({ params, body }) => {
      const { quarantine } = backendOf(params, options);
      const { replayed, cut } = await quarantine.replay(filterOf(reasonIn(body), undefined));
      return { replayed, cut: cut.map(positionText) };
    },
  );
}

function filterOf(reason: string | undefined, position: string | undefined): QuarantineFilter {
  const found = position === undefined ? undefined : parsePosition(position);
  if (found === null) throw requestInvalid("position", "expected <partition>/<offset>");
  return {
    ...(reason !== undefined && { reason }),
    ...(found !== undefined && { positions: [found] }),
  };
}

/** `{}` takes everything, and has to be said. */
function reasonIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw requestInvalid("the body", "expected an object, {} or { reason }");
  }
  const { reason, ...others } = body as { reason?: unknown };
  const [other] = Object.keys(others);
  if (other !== undefined) throw requestInvalid(other, "no such field");
  if (reason !== undefined && typeof reason !== "string") {
    throw requestInvalid("reason", "expected a text");
  }
  return reason;
}
