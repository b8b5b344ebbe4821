import { statusCells } from "@horae/testkit";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Answer } from "./http-bench.ts";
import { HttpBench, KEY, QUEUE, TASK } from "./http-bench.ts";

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const PATHS = {
  tasks: "/v1/queues/{queue}/tasks",
  stale: "/v1/queues/{queue}/stale",
  quarantine: "/v1/queues/{queue}/quarantine",
  replay: "/v1/queues/{queue}/quarantine:replay",
  batch: "/v1/queues/{queue}/tasks:batch",
  task: "/v1/queues/{queue}/tasks/{scheduledTime}/{orderingId}/{uniquenessKey}",
};

const bench = new HttpBench();
let document: Document;
beforeAll(async () => {
  await bench.start();
  await bench.persist(KEY, { status: statusCells() });
  document = (await bench.ask("/openapi.json")).body as Document;
});
afterEach(() => bench.restore());
afterAll(() => bench.stop());

const ajv = new Ajv2020({ strict: false, validateFormats: false });

/** The answer is one that the document promises for its path, status and media type. */
function expectPromised(path: string, method: string, answer: Answer): void {
  const promised = document.paths[path]?.[method]?.responses[answer.status];
  const mediaType = answer.type!.split(";", 1)[0]!;
  const schema = promised?.content?.[mediaType]?.schema;
  expect({
    path,
    method,
    status: answer.status,
    mediaType,
    isPromised: schema !== undefined,
  }).toEqual(expect.objectContaining({ isPromised: true }));
  const validate = ajv.compile(schema!);
  validate(answer.body);
  expect(validate.errors).toBeNull();
}

test("the document describes every route, and nothing else", () => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const isOwn = (route: string): boolean =>
    !route.startsWith("HEAD") && route !== "GET /openapi.json";
  const inDocument = (route: string): string =>
    route.replace(/(?<!:):(\w+)/g, "{$1}").replace("::", ":");
  expect(document.openapi).toBe("3.1.0");
  expect(described.toSorted()).toEqual(bench.routes.filter(isOwn).map(inDocument).toSorted());
  expect(described.length).toBeGreaterThan(6);
});

test("answers are what the document promises", async () => {
  const queue = `/v1/queues/${QUEUE.name}/tasks`;
  expectPromised("/healthz", "get", await bench.ask("/healthz"));
  expectPromised("/readyz", "get", await bench.ask("/readyz"));
  expectPromised(PATHS.tasks, "post", await bench.post(TASK));
  expectPromised(PATHS.tasks, "post", await bench.post({}));
  expectPromised(PATHS.tasks, "post", await bench.post("", { type: "text/plain" }));
  expectPromised(PATHS.tasks, "post", await bench.post(TASK, { queue: "other" }));
  expectPromised(PATHS.batch, "post", await bench.post({ tasks: [TASK] }, { verb: ":batch" }));
  expectPromised(PATHS.batch, "post", await bench.post({ tasks: [{}] }, { verb: ":batch" }));
  expectPromised(PATHS.task, "get", await bench.ask(`${queue}/${KEY}`));
  expectPromised(PATHS.task, "get", await bench.ask(`${queue}/${KEY}x`));
  const span = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z";
  const list = await bench.ask(`${queue}?${span}`);
  expect((list.body as { tasks: unknown[] }).tasks).toHaveLength(1);
  expectPromised(PATHS.tasks, "get", list);
  expectPromised(PATHS.tasks, "get", await bench.ask(`${queue}?limit=x`));
  const stale = `/v1/queues/${QUEUE.name}/stale`;
  expectPromised(PATHS.stale, "get", await bench.ask(stale));
  expectPromised(PATHS.stale, "get", await bench.ask(`${stale}?limit=x`));
  const quarantine = `/v1/queues/${QUEUE.name}/quarantine`;
  expectPromised(PATHS.quarantine, "get", await bench.ask(quarantine));
  const headers = { "content-type": "application/json" };
  const replay = (body: string) =>
    bench.ask(`${quarantine}:replay`, { method: "POST", headers, body });
  expectPromised(PATHS.replay, "post", await replay("{}"));
  expectPromised(PATHS.replay, "post", await replay("[]"));
  bench.hasStarted = false;
  expectPromised("/readyz", "get", await bench.ask("/readyz"));
  expectPromised(PATHS.tasks, "get", await bench.ask(queue));
  expectPromised(PATHS.batch, "post", await bench.post({ tasks: [TASK] }, { verb: ":batch" }));
});
