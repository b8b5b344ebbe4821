import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { ProblemError } from "./problem.ts";

/** Probes come from who starts the process, which knows no secret. */
const OPEN_PATHS = ["/healthz", "/readyz"];

/** Asks every request but probes for `Authorization: Bearer <token>`. */
export function requireToken(app: FastifyInstance, token: string): void {
  app.addHook("onRequest", async (request, reply) => {
    if (OPEN_PATHS.includes(request.url.split("?", 1)[0]!)) return;
    if (isRight(request.headers.authorization, token)) return;
    reply.header("www-authenticate", "Bearer");
    const detail = "send the node's http.token: Authorization: Bearer <token>";
    throw new ProblemError({ status: 401, title: "Not allowed", code: "UNAUTHORIZED", detail });
  });
}

/** In a time that says nothing about how much of it was right. */
function isRight(header: string | undefined, token: string): boolean {
  const given = Buffer.from(/^Bearer (.+)$/i.exec(header ?? "")?.[1] ?? "");
  const wanted = Buffer.from(token);
  const isSameLength = given.length === wanted.length;
  return timingSafeEqual(isSameLength ? given : wanted, wanted) && isSameLength;
}
