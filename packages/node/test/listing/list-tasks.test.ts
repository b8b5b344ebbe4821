import type { TaskKey } from "@horae/core";
import { bucketOf, compareTaskKeys, formatTaskKey, partitionOf } from "@horae/core";
import { MemoryStore, statusCells, taskRequest } from "@horae/testkit";
import fc from "fast-check";
import type { ListQuery } from "../../src/listing/list-query.ts";
import { parseListQuery } from "../../src/listing/list-query.ts";
import type { TaskPage } from "../../src/listing/list-tasks.ts";
import { listTasks } from "../../src/listing/list-tasks.ts";
import { parsePageToken } from "../../src/listing/page-token.ts";

const QUEUE = { partitions: 5, bucketMs: 100 };

interface Stored {
  readonly key: TaskKey;
  readonly type: string;
  readonly failedAtMs: number | null;
}

const storedTask: fc.Arbitrary<Stored> = fc.record({
  key: fc.record({
    scheduledTimeMs: fc.integer({ min: 0, max: 1_500 }),
    orderingId: fc.constantFrom("a", "b", "ü", "\u{1F600}", "\uFFFD", "z"),
    uniquenessKey: fc.constantFrom("1", "2", "3"),
  }),
  type: fc.constantFrom("x", "y"),
  failedAtMs: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 2 }),
});

const query: fc.Arbitrary<ListQuery> = fc.record({
  orderingId: fc.option(fc.constantFrom("a", "ü", "none"), { freq: 3 }),
  status: fc.option(fc.constantFrom("pending" as const, "failed" as const), { freq: 2 }),
  type: fc.option(fc.constant("x"), { freq: 3 }),
  fromMs: fc.integer({ min: 0, max: 1_000 }),
  toMs: fc.integer({ min: 1_001, max: 2_000 }),
  limit: fc.integer({ min: 1, max: 4 }),
  after: fc.constant(null),
});

async function storeOf(tasks: readonly Stored[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const [offset, { key, type, failedAtMs }] of tasks.entries()) {
    const partition = partitionOf(key.orderingId, QUEUE.partitions);
    const bucket = bucketOf(key, QUEUE.bucketMs);
    const request = taskRequest({ type, offset });
    const at = { partition, bucket, timestamp: 1 + offset };
    await store.writeSummary({ ...at, summary: { ...OPEN, lowKey: key } });
    await store.persistTasks({ ...at, rows: [{ key, request }] });
    if (failedAtMs === null) continue;
    const status = statusCells({
      status: "failed",
      nextAttemptAtMs: null,
      finishedAtMs: failedAtMs,
    });
    await store.recordStatuses({ ...at, rows: [{ key, status }] });
    const letter = { failedAtMs, key, request, status };
    await store.writeDeadLetter({ ...at, letter });
  }
  return store;
}

const OPEN = { exceptions: [], state: "open", lastFinishMs: null } as const;

/** All pages, one after the other. */
async function allPages(store: MemoryStore, wanted: ListQuery): Promise<TaskPage[]> {
  const source = { store, queue: QUEUE, isRunning: () => false };
  const pages: TaskPage[] = [];
  for (let after = wanted.after; ;) {
    const page = await listTasks(source, { ...wanted, after });
    pages.push(page);
    if (page.nextPageToken === null) return pages;
    after = parsePageToken(page.nextPageToken);
  }
}

function expected(tasks: readonly Stored[], wanted: ListQuery): string[] {
  const { orderingId, status, type, fromMs, toMs } = wanted;
  const isIn = (timeMs: number) => timeMs >= fromMs && timeMs < toMs;
  const found = tasks.filter(
    (task) =>
      (orderingId === null || task.key.orderingId === orderingId) &&
      (type === null || task.type === type) &&
      (status === null || status === (task.failedAtMs === null ? "pending" : "failed")) &&
      isIn(status === "failed" ? task.failedAtMs! : task.key.scheduledTimeMs),
  );
  const byFailure = status === "failed";
  return found
    .toSorted(
      (a, b) => (byFailure ? a.failedAtMs! - b.failedAtMs! : 0) || compareTaskKeys(a.key, b.key),
    )
    .map(({ key }) => formatTaskKey(key));
}

describe("a list of tasks", () => {
  it("has what the query asks for, in order, each once, over pages that read little", async () => {
    const distinct = fc.uniqueArray(storedTask, {
      selector: ({ key }) => formatTaskKey(key),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(distinct, query, async (tasks, asked) => {
        // Failures happen at a few instants only: pages end within them.
        const wanted = asked.status === "failed" ? { ...asked, fromMs: 1 } : asked;
        const pages = await allPages(await storeOf(tasks), wanted);
        expect(pages.flatMap((page) => page.tasks.map(({ key }) => key))).toEqual(
          expected(tasks, wanted),
        );
        for (const page of pages) {
          expect(page.tasks.length).toBeLessThanOrEqual(wanted.limit);
          expect(page.rowsRead).toBeLessThanOrEqual(Math.max(10 * wanted.limit, 10));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("says when it has read enough and found little", async () => {
    const tasks = Array.from({ length: 100 }, (_, n) => ({
      key: { scheduledTimeMs: n, orderingId: "a", uniquenessKey: "1" },
      type: n === 99 ? "x" : "y",
      failedAtMs: null,
    }));
    const wanted = { ...parseListQuery({ type: "x", limit: "2" }, 0), toMs: 1_000 };
    const pages = await allPages(await storeOf(tasks), wanted);
    expect(pages.length).toBeGreaterThan(4);
    expect(pages.slice(0, -1).every(({ isCutShort }) => isCutShort)).toBe(true);
    expect(pages.flatMap((page) => page.tasks)).toHaveLength(1);
  });
});

describe("the query of a list", () => {
  const nowMs = Date.UTC(2026, 0, 1);

  it("is an hour around now by default", () => {
    expect(parseListQuery({}, nowMs)).toEqual({
      orderingId: null,
      status: null,
      type: null,
      fromMs: nowMs - 3_600_000,
      toMs: nowMs + 3_600_000,
      limit: 100,
      after: null,
    });
  });

  it.each([
    [{ orderingId: "" }, "orderingId"],
    [{ orderingId: "\ud800" }, "orderingId"],
    [{ status: "done" }, "status"],
    [{ type: "a b" }, "type"],
    [{ from: "yesterday" }, "from"],
    [{ from: "1900-01-01T00:00:00Z" }, "from"],
    [{ to: "2025-01-01T00:00:00Z" }, "to"],
    [{ limit: "0" }, "limit"],
    [{ limit: "1001" }, "limit"],
    [{ limit: "1e2" }, "limit"],
    [{ pageToken: "" }, "pageToken"],
    [{ pageToken: "x" }, "pageToken"],
    [{ pageToken: Buffer.from('[1,0,0,"a"]').toString("base64url") }, "pageToken"],
    [{ pageToken: Buffer.from('[2,0,0,"a","b"]').toString("base64url") }, "pageToken"],
    [{ pageToken: Buffer.from('[1,0,-1,"a","b"]').toString("base64url") }, "pageToken"],
  ])("%j is refused", (texts, path) => {
    expect(() => parseListQuery(texts, nowMs)).toThrow(
      expect.objectContaining({
        code: "REQUEST_INVALID",
        details: expect.objectContaining({ path }),
      }),
    );
  });
});
