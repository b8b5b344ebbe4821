import type { FastifyInstance } from "fastify";
import { described } from "./openapi.ts";
import type { ReadinessProbe } from "./readiness.ts";
import { healthSchema, readinessSchema } from "./schemas.ts";

const HEALTH = described({
  summary: "Does the process live?",
  answers: { 200: healthSchema },
  problems: [],
});

const READINESS = described({
  summary: "Does the node do its part: own what it should, with log and store that answer?",
  answers: { 200: readinessSchema, 503: readinessSchema },
  problems: [],
});

/** `/healthz`: the process lives. `/readyz`: it does its part. */
export function addProbeRoutes(app: FastifyInstance, probe: ReadinessProbe): void {
  app.get("/healthz", HEALTH, () => ({ status: "ok" }));
  app.get("/readyz", READINESS, async (_request, reply) => {
    const { isReady, checks } = await probe.check();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? "ok" : "not ready", checks });
  });
}
