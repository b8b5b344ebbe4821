import { HoraeError, parseTaskKey, partitionOf } from "@horae/core";
import { statusCells } from "@horae/testkit";
import fc from "fast-check";
import { HttpBench, QUEUE, TASK } from "./http-bench.ts";

const bench = new HttpBench();
beforeAll(() => bench.start());
afterEach(() => bench.restore());
afterAll(() => bench.stop());

async function recordsOnLog(): Promise<number> {
  const partitions = Array.from({ length: QUEUE.partitions }, (_, partition) => partition);
  const bounds = await Promise.all(partitions.map((partition) => bench.log.bounds(partition)));
  return bounds.reduce((sum, { endOffset }) => sum + endOffset, 0);
}

describe("a batch", () => {
  const batch = (tasks: unknown) => bench.post({ tasks }, { verb: ":batch" });
  const tasks = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ ...TASK, uniquenessKey: `u${n}` }));

  it("is scheduled as a whole, with a place for each task", async () => {
    const before = await recordsOnLog();
    const { status, body } = await batch(tasks(1_000));
    expect(status).toBe(202);
    const places = (body as { tasks: { key: string }[] }).tasks;
    expect(places).toHaveLength(1_000);
    expect(places[7]).toMatchObject({ ok: true, key: expect.stringMatching(/\/u7$/) as string });
    expect((await recordsOnLog()) - before).toBe(1_000);
  });

  it("with invalid tasks is refused as a whole, and says where each of them is wrong", async () => {
    const before = await recordsOnLog();
    const bad = [{ ...TASK, scheduledTime: "soon" }, TASK, { ...TASK, data: undefined, x: 1 }, 7];
    const { status, body } = await batch(bad);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "TASK_INVALID",
      problems: [
        { path: "tasks[0].scheduledTime", code: "TIME_INVALID" },
        { path: "tasks[2].x", code: "FIELD_UNKNOWN" },
        { path: "tasks[3]" },
      ],
    });
    expect(await recordsOnLog()).toBe(before);
  });

  it.each([
    ["no tasks", { tasks: [] }],
    ["too many", { tasks: Array.from({ length: 1_001 }, () => TASK) }],
    ["no list", { tasks: TASK }],
    ["something else", { tasks: [TASK], dryRun: true }],
    ["a list", [TASK]],
    ["nothing", null],
  ])("with %s is refused", async (_, body) => {
    const before = await recordsOnLog();
    const answer = await bench.post(body, { verb: ":batch" });
    expect(answer).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    expect(await recordsOnLog()).toBe(before);
  });

  it("may be 8 MiB, and no more", async () => {
    const large = (count: number) =>
      tasks(count).map((task) => ({ ...task, data: "x".repeat(200_000) }));
    expect((await batch(large(40))).status).toBe(202);
    expect(await batch(large(42))).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE" } });
  });

  it("that is appended in part says what became of each task", async () => {
    bench.log.intercept = (call) => {
      const { key } = call.args[0] as { key: Uint8Array };
      if (Buffer.from(key).toString() === "b") throw new HoraeError("RECORD_TOO_LARGE", "no");
    };
    const { status, body } = await batch(
      ["a", "b", "c"].map((orderingId) => ({ ...TASK, orderingId })),
    );
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: "RECORD_TOO_LARGE",
      outcomes: [
        { ok: true, key: expect.stringContaining("/a/") as string },
        { ok: false, code: "RECORD_TOO_LARGE", certain: true },
        { ok: true, key: expect.stringContaining("/c/") as string },
      ],
    });
  });
});

describe("a list", () => {
  const keys = ["08:10", "08:20", "08:30", "08:40"].map(
    (time, n) => `2026-05-01T${time}:00.000Z/customer-${n % 2}/u${n}`,
  );
  const all = "from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z";
  const list = (query: string) => bench.ask(`/v1/queues/${QUEUE.name}/tasks?${query}`);
  const keysIn = (body: unknown) =>
    (body as { tasks: { key: string }[] }).tasks.map(({ key }) => key);

  beforeAll(async () => {
    await bench.persist(keys[0]!);
    await bench.persist(keys[1]!, { type: "other" });
    await bench.persist(keys[2]!, { status: statusCells({ status: "retrying" }) });
    const failed = { status: "failed", nextAttemptAtMs: null, finishedAtMs: 1_000 } as const;
    await bench.persist(keys[3]!, { status: statusCells(failed) });
  });

  it("is in key order, page by page", async () => {
    const first = await list(`${all}&limit=3`);
    expect(first.status).toBe(200);
    expect(keysIn(first.body)).toEqual(keys.slice(0, 3));
    const { nextPageToken } = first.body as { nextPageToken: string };
    const second = await list(`${all}&limit=3&pageToken=${nextPageToken}`);
    expect(keysIn(second.body)).toEqual(keys.slice(3));
    expect(second.body).toMatchObject({ nextPageToken: null, isCutShort: false });
  });

  it.each([
    ["orderingId=customer-1", [1, 3]],
    ["type=other", [1]],
    ["status=pending", [0, 1]],
    ["status=retrying", [2]],
    ["status=pending&orderingId=customer-0", [0]],
  ])("takes %s", async (query, wanted) => {
    expect(keysIn((await list(`${all}&${query}`)).body)).toEqual(wanted.map((n) => keys[n]));
  });

  it("finds failed tasks by the time of their failure", async () => {
    const { body } = await list("status=failed&from=1970-01-01T00:00:00Z&to=1970-01-01T00:00:02Z");
    expect(keysIn(body)).toEqual([keys[3]]);
    expect(keysIn((await list(`status=failed&${all}`)).body)).toEqual([]);
  });

  it("is about the hours around now by default", async () => {
    const nowText = new Date(bench.clock.nowMs()).toISOString();
    await bench.persist(`${nowText}/now/u`);
    expect(keysIn((await list("")).body)).toEqual([`${nowText}/now/u`]);
  });

  it.each(["limit=0", "pageToken=x", "from=1", "status=", "colour=red", "type=a&type=b"])(
    "refuses %s",
    async (query) => {
      expect(await list(query)).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    },
  );

  it("answers every query with 200 or a problem", async () => {
    const names = ["orderingId", "status", "type", "from", "to", "limit", "pageToken", "x"];
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("1", "failed", "2026-01-01T00:00:00Z"),
    );
    const query = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        const wellFormed = pairs.map(([name, text]): [string, string] => [
          name,
          text.replace(/\p{Cs}/gu, ""),
        ]);
        const { status } = await list(new URLSearchParams(wellFormed).toString());
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 100 },
    );
  });
});

describe("stale tasks", () => {
  it("are those that were due some time ago and have not finished", async () => {
    const dueMs = bench.clock.nowMs() - 600_000;
    const key = `${new Date(dueMs).toISOString()}/late/u`;
    await bench.persist(key, {
      status: statusCells({ nextAttemptAtMs: dueMs }),
      isUnfinished: true,
    });
    const stale = (query: string) => bench.ask(`/v1/queues/${QUEUE.name}/stale?${query}`);
    const keysIn = async (query: string) =>
      ((await stale(query)).body as { tasks: { key: string }[] }).tasks.map((task) => task.key);
    expect(await keysIn("")).toEqual([key]);
    expect(await keysIn("olderThanMs=600001")).toEqual([]);
    for (const query of ["olderThanMs=5m", "limit=0", "from=x", "pageToken=x"]) {
      expect(await stale(query)).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    }
  });
});

describe("the quarantine", () => {
  const path = `/v1/queues/${QUEUE.name}/quarantine`;
  const bad = (offset: number, reason: string) => ({
    partition: 1,
    offset,
    reason,
    message: "m",
    timestampMs: 1_000,
    quarantinedAtMs: 2_000,
    key: null,
    value: Buffer.from([0xff]),
    headers: { h: "1" },
    cut: null,
    isReplayed: false,
  });
  const replay = (body: unknown) =>
    bench.ask(`${path}:replay`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  beforeAll(() => {
    bench.quarantined = [bad(7, "X"), bad(8, "Y"), bad(9, "Y")];
  });

  it("lists records, bytes in base64", async () => {
    const { status, body } = await bench.ask(`${path}?limit=1`);
    expect(status).toBe(200);
    expect(body).toEqual({
      records: [
        {
          position: "1/7",
          reason: "X",
          message: "m",
          appendedTime: "1970-01-01T00:00:01.000Z",
          quarantinedTime: "1970-01-01T00:00:02.000Z",
          isReplayed: false,
          key: null,
          value: "/w==",
          headers: { h: "1" },
          cut: null,
        },
      ],
      isCutShort: true,
    });
    const positions = async (query: string) => {
      const { records } = (await bench.ask(`${path}?${query}`)).body as {
        records: { position: string }[];
      };
      return records.map(({ position }) => position);
    };
    expect(await positions("reason=Y")).toEqual(["1/8", "1/9"]);
    expect(await positions("position=1/9")).toEqual(["1/9"]);
  });

  it("replays by reason, or everything when that is said", async () => {
    expect(await replay({ reason: "Y" })).toMatchObject({
      status: 200,
      body: { replayed: 2, cut: ["1/7"] },
    });
    expect(bench.replayedWith).toEqual({ reason: "Y" });
    await replay({});
    expect(bench.replayedWith).toEqual({});
  });

  it.each([null, [], "X", { reason: 1 }, { reasn: "X" }])(
    "does not replay for %j",
    async (body) => {
      bench.replayedWith = null;
      expect(await replay(body)).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
      expect(bench.replayedWith).toBeNull();
    },
  );

  it.each(["position=1", "position=x/1", "limit=0", "from=x"])("refuses %s", async (query) => {
    expect((await bench.ask(`${path}?${query}`)).status).toBe(400);
  });
});

describe("readiness", () => {
  it("is there when what the group gives to the node runs, and log and store answer", async () => {
    const answer = await bench.ask("/readyz");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: "ok",
      checks: { started: null, group: null, partitions: null, log: null, store: null, disk: null },
    });
  });

  it.each<[string, () => void, object]>([
    [
      "a partition does not run",
      () => (bench.state = { ...bench.state, workingPartitions: [0, 2] }),
      { partitions: "not running: 1, 3" },
    ],
    [
      "the group is lost",
      () =>
        (bench.state = { ...bench.state, group: { partitions: [], watched: [], state: "lost" } }),
      { group: "cannot be reached" },
    ],
    [
      "the group has not answered",
      () => (bench.state = { ...bench.state, group: null }),
      { group: "not joined yet" },
    ],
    ["the node has not started", () => (bench.hasStarted = false), { started: /waits/ }],
    [
      "the store is away",
      () => {
        bench.store.intercept = () => {
          throw new HoraeError("STORE_UNAVAILABLE", "nobody there");
        };
      },
      { store: "nobody there" },
    ],
    [
      "the log is away",
      () => {
        bench.log.intercept = () => {
          throw new HoraeError("LOG_UNAVAILABLE", "nobody there either");
        };
      },
      { log: "nobody there either" },
    ],
    ["the disk is full", () => (bench.disk = "/d: full"), { disk: "/d: full" }],
  ])("is not there when %s", async (_, change, checks) => {
    // Log and store are asked again a second later.
    await bench.clock.advance(1_000);
    change();
    const { status, body } = await bench.ask("/readyz");
    expect(status).toBe(503);
    const found = (body as { checks: Record<string, string | null> }).checks;
    const wrong = Object.entries(found).filter(([, check]) => check !== null);
    const [[name, wanted]] = Object.entries(checks) as [[string, string | RegExp]];
    expect(wrong).toEqual([
      [name, wanted instanceof RegExp ? expect.stringMatching(wanted) : wanted],
    ]);
    expect((await bench.ask("/healthz")).status).toBe(200);
  });
});

describe("a token", () => {
  const token = "a-token-of-enough-length";
  const guarded = new HttpBench({ token });
  beforeAll(() => guarded.start());
  afterAll(() => guarded.stop());

  const askWith = (authorization: string | null, path = `/v1/queues/${QUEUE.name}/tasks`) =>
    guarded.ask(path, authorization === null ? {} : { headers: { authorization } });

  it("is asked for, except by probes", async () => {
    expect((await askWith(`Bearer ${token}`)).status).toBe(200);
    for (const wrong of [
      null,
      "",
      "Bearer",
      `Bearer ${token}x`,
      `Bearer ${"b".repeat(token.length)}`,
      token,
    ]) {
      expect(await askWith(wrong)).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
    }
    for (const path of ["/openapi.json", "/nowhere"])
      expect((await askWith(null, path)).status).toBe(401);
    for (const path of ["/healthz", "/readyz?x=1"])
      expect((await askWith(null, path)).status).toBe(200);
  });

  it("keeps everything out that does not bring it", async () => {
    const before = partitionOf(TASK.orderingId, QUEUE.partitions);
    expect((await guarded.post(TASK)).status).toBe(401);
    expect((await guarded.log.bounds(before)).endOffset).toBe(0);
  });
});

test("a node that has more than it can take says so, and when to come again", async () => {
  const full = new HttpBench({ limits: { inFlightTasksMax: 1, waitingTasksMax: 0 } });
  await full.start();
  let goOn: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    full.log.intercept = ({ when }) => {
      if (when === "after") return undefined;
      resolve();
      return new Promise<void>((release) => (goOn = release));
    };
  });
  const first = full.post(TASK);
  await isAsked;
  const refused = await full.post(TASK);
  expect(refused).toMatchObject({ status: 429, body: { code: "CLIENT_SATURATED" } });
  expect(refused.response.headers.get("retry-after")).toBe("1");
  goOn();
  expect((await first).status).toBe(202);
  await full.stop();
});

test("keys of tasks in lists are keys that can be asked for", async () => {
  const text = `2026-07-01T00:00:00.000Z/${encodeURIComponent("a/ü?#")}/${encodeURIComponent("%2F")}`;
  await bench.persist(text);
  const { body } = await bench.ask(
    `/v1/queues/${QUEUE.name}/tasks?from=2026-07-01T00:00:00Z&to=2026-07-01T01:00:00Z`,
  );
  const [{ key }] = (body as { tasks: [{ key: string }] }).tasks;
  expect(parseTaskKey(key)).toEqual(parseTaskKey(text));
  expect((await bench.ask(`/v1/queues/${QUEUE.name}/tasks/${key}`)).status).toBe(200);
});
