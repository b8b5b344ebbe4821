import type { Clock, HandlerLogger, Random } from "@horae/core";
import { decodeUtf8, HoraeError } from "@horae/core";
import type { FastifyInstance, FastifyReply } from "fastify";
import { fastify } from "fastify";
import { PROBLEM_MEDIA_TYPE, problemOf, ProblemError } from "./problem.ts";
import { requireToken } from "./access-token.ts";
import { addBatchRoute } from "./batch-route.ts";
import { addListRoutes } from "./list-route.ts";
import { addQuarantineRoutes } from "./quarantine-routes.ts";
import type { ReadinessSource } from "./readiness.ts";
import { addProbeRoutes } from "./probe-routes.ts";
import { ReadinessProbe } from "./readiness.ts";
import type { TaskRoutesOptions } from "./task-routes.ts";
import { addTaskRoutes } from "./task-routes.ts";

/** The data of a task may be 256 KiB as its own JSON, and be escaped to several times that here. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** An id of 255 bytes, each percent-encoded. */
const PARAMETER_LENGTH_MAX = 3 * 255;

const REQUEST_TIMEOUT_MS = 60_000;

export interface HttpOptions extends TaskRoutesOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Asked for in every request but probes; null: nobody is asked. */
  readonly token: string | null;
  /** Null while the node waits for its log and store. */
  readonly readiness: () => ReadinessSource | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: HandlerLogger;
}

export interface HttpServer {
  readonly url: string;
  /** Method and path of each route, as the router has them. */
  readonly routes: readonly string[];
  close(): Promise<void>;
}

/** The HTTP interface of a node. Errors are problem+json with stable codes. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error),
  });
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500 && problem.code === "INTERNAL") {
      options.logger.error({ err: error }, "request failed");
    }
    sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const detail = `there is no ${request.method} at this path`;
    sendProblem(
      reply,
      new ProblemError({ status: 404, title: "No such route", code: "ROUTE_UNKNOWN", detail }),
    );
  });
  const routes: string[] = [];
  app.addHook("onRoute", ({ method, url }) => void routes.push(`${String(method)} ${url}`));
  acceptJson(app);
  if (options.token !== null) requireToken(app, options.token);
  app.get("/openapi.json", async () => {
    const { openApiDocument } = await import("./openapi-document.ts");
    return openApiDocument();
  });
  addProbeRoutes(app, new ReadinessProbe(options.clock, options.readiness));
  addTaskRoutes(app, options);
  addBatchRoute(app, options);
  addListRoutes(app, options);
  addQuarantineRoutes(app, options);
  return { url: await listen(app, options), routes, close: () => app.close() };
}

/** Throws `SETTINGS_INVALID` when the address cannot be had. */
async function listen(app: FastifyInstance, address: HttpOptions): Promise<string> {
  const { host, port } = address;
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const message = `http: ${(error as Error).message}`;
    throw new HoraeError("SETTINGS_INVALID", message, { details: { path: "http" }, cause: error });
  }
}

/** Nothing but JSON, parsed as it stands: what is odd in it is reported with the task's fields. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    async (_request: unknown, body: Buffer) => {
      const text = decodeUtf8(body);
      if (text === null) {
        const detail = "the body is not valid UTF-8";
        throw new ProblemError({ status: 400, title: "Not UTF-8", code: "BODY_NOT_UTF8", detail });
      }
      try {
        return JSON.parse(text) as unknown;
      } catch {
        const detail = "the body is not JSON";
        throw new ProblemError({ status: 400, title: "Not JSON", code: "BODY_NOT_JSON", detail });
      }
    },
  );
}

function sendProblem(reply: FastifyReply, error: unknown): void {
  const problem = problemOf(error);
  if (problem.status === 429 || problem.status === 503) reply.header("retry-after", "1");
  void reply
    .code(problem.status)
    .header("content-type", PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify({ type: "about:blank", ...problem }));
}
