import swagger from "@fastify/swagger";
import type { TSchema } from "@sinclair/typebox";
import type { FastifyInstance, FastifySchema } from "fastify";
import { problemSchema } from "./schemas.ts";

const VERSION = "1.0.0";

/** Gives the OpenAPI document of the routes that are added after this call, at `/openapi.json`. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  // Only described here: tasks are checked by core, queries by the listing.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Horae",
        description: "Durable delayed tasks: schedule them, and see what became of them.",
        version: VERSION,
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
  });
  app.get("/openapi.json", { schema: { hide: true } as FastifySchema }, () => app.swagger());
}

export interface RouteDescription {
  readonly summary: string;
  readonly params?: TSchema;
  readonly querystring?: TSchema;
  readonly body?: TSchema;
  /** By status. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** Statuses of its problems. */
  readonly problems: readonly number[];
}

/** A route's part of the document. */
export function described(description: RouteDescription): { schema: FastifySchema } {
  const { answers, problems, ...others } = description;
  const problem = (status: number) => [
    status,
    {
      description: "A problem",
      content: { "application/problem+json": { schema: problemSchema } },
    },
  ];
  const response = { ...answers, ...Object.fromEntries(problems.map(problem)) };
  return { schema: { ...others, response } as FastifySchema };
}
