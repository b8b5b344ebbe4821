import { Client } from "@horae/client";
import type { HoraeError as HoraeErrorType, TaskKey } from "@horae/core";
import { HoraeError, parseTaskKey, partitionOf, SeededRandom } from "@horae/core";
import { FakeClock, MemoryLog, MemoryStore } from "@horae/testkit";
import fc from "fast-check";
import type { HttpServer } from "../../src/http/server.ts";
import { startHttp } from "../../src/http/server.ts";

const QUEUE = { name: "billing", partitions: 4, bucketMs: 600_000 };
const KEY = "2026-12-01T09:00:00.000Z/customer-42/invoice-7";
const TASK = {
  type: "remind",
  orderingId: "customer-42",
  scheduledTime: "2026-12-01T09:00:00Z",
  uniquenessKey: "invoice-7",
  data: { n: 1 },
};

describe("the HTTP interface", () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const log = new MemoryLog({ clock, partitions: QUEUE.partitions });
  const store = new MemoryStore();
  const running = new Set<string>();
  const logged: object[] = [];
  const backend = {
    client: new Client({ appender: log, clock, random: new SeededRandom(1) }),
    tasks: {
      store,
      queue: QUEUE,
      isRunning: (key: TaskKey) => running.has(key.uniquenessKey),
    },
  };
  let hasStarted = true;
  let server: HttpServer;

  beforeAll(async () => {
    const note = (fields: object) => void logged.push(fields);
    server = await startHttp({
      host: "127.0.0.1",
      port: 0,
      queueName: QUEUE.name,
      backend: () => (hasStarted ? backend : null),
      logger: { debug: note, info: note, warn: note, error: note },
    });
  });
  afterEach(() => {
    log.intercept = undefined;
    hasStarted = true;
    running.clear();
  });
  afterAll(() => server.close());

  async function ask(path: string, request: RequestInit = {}) {
    const response = await fetch(server.url + path, request);
    const type = response.headers.get("content-type");
    return { status: response.status, type, body: (await response.json()) as unknown, response };
  }

  function post(body: unknown, type = "application/json", queue = QUEUE.name) {
    return ask(`/v1/queues/${queue}/tasks`, {
      method: "POST",
      headers: { "content-type": type },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  }

  async function persist(key: string): Promise<TaskKey> {
    const parsed = parseTaskKey(key);
    await store.persistTasks({
      partition: partitionOf(parsed.orderingId, QUEUE.partitions),
      bucket: Math.floor(parsed.scheduledTimeMs / QUEUE.bucketMs),
      timestamp: 1,
      rows: [
        {
          key: parsed,
          request: {
            type: "remind",
            dataJson: '{"n":1}',
            options: {},
            headers: {},
            appendedAtMs: 0,
            offset: 5,
          },
        },
      ],
    });
    return parsed;
  }

  it("says that it is there", async () => {
    expect(await ask("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("schedules a task and answers 202 with its place", async () => {
    const partition = partitionOf("customer-42", QUEUE.partitions);
    const answer = await post(TASK);
    expect(answer).toMatchObject({ status: 202, body: { key: KEY, partition, offset: 0 } });
    expect((await log.bounds(partition)).endOffset).toBe(1);
  });

  it("takes JSON with a character set", async () => {
    expect((await post(TASK, "application/json; charset=utf-8")).status).toBe(202);
  });

  it("names everything that is wrong with a task", async () => {
    const answer = await post({ type: "no spaces", scheduledTime: "tomorrow", extra: 1 });
    expect(answer.status).toBe(400);
    expect(answer.type).toContain("application/problem+json");
    expect(answer.body).toMatchObject({
      status: 400,
      code: "TASK_INVALID",
      problems: [
        { code: "FIELD_MISSING", path: "orderingId" },
        { code: "TIME_INVALID", path: "scheduledTime" },
        { code: "TYPE_INVALID", path: "type" },
        { code: "FIELD_UNKNOWN", path: "extra" },
      ],
    });
  });

  it.each<[string, string | Uint8Array, string, number, string]>([
    ["no JSON", "{", "application/json", 400, "BODY_NOT_JSON"],
    ["nothing", "", "application/json", 400, "BODY_NOT_JSON"],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "application/json", 400, "BODY_NOT_UTF8"],
    ["null", "null", "application/json", 400, "TASK_INVALID"],
    ["a list", "[]", "application/json", 400, "TASK_INVALID"],
    ["another media type", "{}", "text/plain", 415, "MEDIA_TYPE_UNSUPPORTED"],
    ["a form", "a=b", "application/x-www-form-urlencoded", 415, "MEDIA_TYPE_UNSUPPORTED"],
    ["too much", `"${"x".repeat(3e6)}"`, "application/json", 413, "BODY_TOO_LARGE"],
    ["a prototype", '{"data":{"__proto__":1}}', "application/json", 400, "TASK_INVALID"],
  ])("refuses a body with %s", async (_what, body, type, status, code) => {
    expect(await post(body, type)).toMatchObject({ status, body: { status, code } });
  });

  it("knows only its own queue and paths", async () => {
    const unknown = await post(TASK, "application/json", "other");
    expect(unknown).toMatchObject({ status: 404, body: { code: "QUEUE_UNKNOWN" } });
    expect(await ask("/nowhere")).toMatchObject({ status: 404, body: { code: "ROUTE_UNKNOWN" } });
    expect(await ask("/v1/%zz")).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
  });

  it.each<[HoraeErrorType, number, object]>([
    [
      new HoraeError("LOG_UNAVAILABLE", "the disk is full"),
      503,
      { code: "LOG_UNAVAILABLE", detail: `${KEY}: the disk is full`, key: KEY },
    ],
    [
      new HoraeError("RECORD_TOO_LARGE", "too large for the log"),
      413,
      { code: "RECORD_TOO_LARGE", key: KEY },
    ],
    [
      new HoraeError("APPEND_UNKNOWN", "no answer", { certain: false }),
      503,
      { code: "APPEND_UNKNOWN", certain: false, key: KEY },
    ],
  ])("tells how an append failed: %s", async (error, status, body) => {
    log.intercept = () => {
      throw error;
    };
    expect(await post(TASK)).toMatchObject({ status, body });
  });

  it("shows a task with its status", async () => {
    const key = await persist(KEY);
    const path = `/v1/queues/billing/tasks/${KEY}`;
    const pending = await ask(path);
    expect(pending.status).toBe(200);
    expect(pending.body).toEqual({
      key: KEY,
      type: "remind",
      orderingId: "customer-42",
      scheduledTime: "2026-12-01T09:00:00.000Z",
      uniquenessKey: "invoice-7",
      status: "pending",
      attempts: 0,
      nextAttemptTime: "2026-12-01T09:00:00.000Z",
      lastError: null,
      result: null,
      finishedTime: null,
      data: { n: 1 },
      options: {},
      headers: {},
      partition: partitionOf("customer-42", QUEUE.partitions),
      offset: 5,
      appendedTime: "1970-01-01T00:00:00.000Z",
    });
    running.add(key.uniquenessKey);
    expect((await ask(path)).body).toMatchObject({
      status: "running",
      attempts: 1,
      nextAttemptTime: null,
    });
  });

  it("reads keys with any character, and other writings of the time", async () => {
    const key = `2026-12-01T09:00:00.000Z/${encodeURIComponent("a/b?c#d%é\u{1F600}")}/${"é".repeat(127)}`;
    await persist(key);
    expect((await ask(`/v1/queues/billing/tasks/${key}`)).status).toBe(200);
    const otherZone = key.replace("09:00:00.000Z", "10:00:00%2B01:00");
    expect((await ask(`/v1/queues/billing/tasks/${otherZone}`)).status).toBe(200);
  });

  it("says that there is no such task, or no such key", async () => {
    const absent = await ask(`/v1/queues/billing/tasks/${KEY}-x`);
    expect(absent).toMatchObject({ status: 404, body: { code: "TASK_UNKNOWN" } });
    const invalid = await ask("/v1/queues/billing/tasks/tomorrow/a/b");
    expect(invalid).toMatchObject({ status: 400, body: { code: "TASK_INVALID" } });
  });

  it("lives, and asks for patience, while the node waits for its log and store", async () => {
    hasStarted = false;
    expect((await ask("/healthz")).status).toBe(200);
    const { status, body, response } = await post(TASK);
    expect({ status, body }).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("shows nothing of an error that nobody foresaw, and logs it", async () => {
    store.intercept = () => {
      throw new Error("secret");
    };
    const answer = await ask(`/v1/queues/billing/tasks/${KEY}`);
    store.intercept = undefined;
    expect(answer).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(JSON.stringify(answer.body)).not.toContain("secret");
    expect(logged).toMatchObject([{ err: { message: "secret" } }]);
  });

  it("survives whatever is sent to it", async () => {
    const field = fc.oneof(fc.constantFrom(...Object.keys(TASK)), fc.string());
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(field, fc.jsonValue()).map((value) => JSON.stringify(value)),
      fc.dictionary(field, fc.jsonValue()).map((value) => JSON.stringify({ ...TASK, ...value })),
    );
    const path = fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 5 });
    const property = fc.asyncProperty(body, path, async (text, parts) => {
      expect((await post(text)).status).toBeLessThan(500);
      const encoded = parts.map((part) => encodeURIComponent(part.replace(/\p{Cs}/gu, "")));
      const got = await fetch(`${server.url}/v1/queues/billing/tasks/${encoded.join("/")}`);
      expect(got.status).toBeLessThan(500);
      await got.arrayBuffer();
    });
    await fc.assert(property, { numRuns: 50 });
  }, 30_000);
});
