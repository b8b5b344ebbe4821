import type { FastifyInstance } from "fastify";
import type { ReadinessProbe } from "./readiness.ts";

/** `/healthz`: the process lives. `/readyz`: it does its part. */
export function addProbeRoutes(app: FastifyInstance, probe: ReadinessProbe): void {
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const { isReady, checks } = await probe.check();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? "ok" : "not ready", checks });
  });
}
