import swagger from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import { fastify } from "fastify";
import type { RouteDescription } from "./route-descriptions.ts";
import { ROUTE_DESCRIPTIONS } from "./route-descriptions.ts";
import { problemSchema } from "./schemas.ts";

const VERSION = "1.0.0";

/**
 * The OpenAPI document of the interface. Made from descriptions and not from the routes, so that no
 * node pays for schemas before somebody asks for them: what is sent is checked by core.
 */
export async function openApiDocument(): Promise<object> {
  const app = fastify();
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Horae",
        description: "Durable delayed tasks: schedule them, and see what became of them.",
        version: VERSION,
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
  });
  for (const { method, url, ...description } of ROUTE_DESCRIPTIONS) {
    app.route({ method, url, schema: schemaOf(description), handler: () => null });
  }
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

function schemaOf(description: Omit<RouteDescription, "method" | "url">): FastifySchema {
  const { answers, problems, ...others } = description;
  const content = { "application/problem+json": { schema: problemSchema } };
  const problem = (status: number) => [status, { description: "A problem", content }] as const;
  const response = { ...answers, ...Object.fromEntries(problems.map(problem)) };
  return { ...others, response };
}
