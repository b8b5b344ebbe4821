import type { HoraeError as HoraeErrorType } from "@horae/core";
import { HoraeError, partitionOf } from "@horae/core";
import fc from "fast-check";
import { HttpBench, KEY, QUEUE, TASK } from "./http-bench.ts";

describe("the HTTP interface", () => {
  const bench = new HttpBench();
  const ask = bench.ask.bind(bench);
  const post = bench.post.bind(bench);
  const persist = bench.persist.bind(bench);

  beforeAll(() => bench.start());
  afterEach(() => bench.restore());
  afterAll(() => bench.stop());

  it("says that it is there", async () => {
    expect(await ask("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("schedules a task and answers 202 with its place", async () => {
    const partition = partitionOf("customer-42", QUEUE.partitions);
    const answer = await post(TASK);
    expect(answer).toMatchObject({ status: 202, body: { key: KEY, partition, offset: 0 } });
    expect((await bench.log.bounds(partition)).endOffset).toBe(1);
  });

  it("takes JSON with a character set", async () => {
    expect((await post(TASK, { type: "application/json; charset=utf-8" })).status).toBe(202);
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
    expect(await post(body, { type })).toMatchObject({ status, body: { status, code } });
  });

  it("knows only its own queue and paths", async () => {
    const unknown = await post(TASK, { queue: "other" });
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
    bench.log.intercept = () => {
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
    bench.running.add(key.uniquenessKey);
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
    bench.hasStarted = false;
    expect((await ask("/healthz")).status).toBe(200);
    const { status, body, response } = await post(TASK);
    expect({ status, body }).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("shows nothing of an error that nobody foresaw, and logs it", async () => {
    bench.store.intercept = () => {
      throw new Error("secret");
    };
    const answer = await ask(`/v1/queues/billing/tasks/${KEY}`);
    bench.store.intercept = undefined;
    expect(answer).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(JSON.stringify(answer.body)).not.toContain("secret");
    expect(bench.logged).toMatchObject([{ err: { message: "secret" } }]);
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
      const got = await fetch(`${bench.url}/v1/queues/billing/tasks/${encoded.join("/")}`);
      expect(got.status).toBeLessThan(500);
      await got.arrayBuffer();
    });
    await fc.assert(property, { numRuns: 50 });
  }, 30_000);
});
