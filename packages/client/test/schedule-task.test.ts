import type { ScheduleRecord } from "@horae/core";
import { decodeRecord, partitionOf } from "@horae/core";
import type { TaskInput } from "../src/index.ts";
import { rejection, setup, task } from "./setup.ts";

async function recordsOf(log: ReturnType<typeof setup>["log"], partition: number) {
  const records = await log
    .openReader({ partition, fromOffset: 0 })
    .read({ recordsMax: 100, bytesMax: 1e6 });
  return records.map((record) => {
    const decoded = decodeRecord(record, { nowMs: null });
    if (!decoded.ok) throw new Error(decoded.message);
    return { key: decoded.key, ...(decoded.request satisfies Omit<ScheduleRecord, "key">) };
  });
}

describe("scheduleTask", () => {
  it("appends the task to the partition of its ordering id", async () => {
    const { log, client } = setup();
    const headers = { traceparent: "00-1-2-01" };
    const options = { maxAttempts: 3 };
    const scheduled = await client.scheduleTask(task({ data: { n: 1 }, options, headers }));
    const partition = partitionOf("customer-42", 4);
    expect(scheduled).toEqual({
      key: "2026-12-01T09:00:00.000Z/customer-42/invoice-7",
      partition,
      offset: 0,
    });
    expect(await recordsOf(log, partition)).toEqual([
      {
        key: {
          scheduledTimeMs: Date.UTC(2026, 11, 1, 9),
          orderingId: "customer-42",
          uniquenessKey: "invoice-7",
        },
        type: "remind",
        dataJson: '{"n":1}',
        options,
        headers,
        appendedAtMs: Date.UTC(2026, 0, 1),
        offset: 0,
      },
    ]);
  });

  it("makes up a uniqueness key, and another one for each task", async () => {
    const { client } = setup();
    const { uniquenessKey: _, ...input } = task();
    const keys = await Promise.all([client.scheduleTask(input), client.scheduleTask(input)]);
    const [a, b] = keys.map(({ key }) => key.split("/")[2]!);
    expect(a).toMatch(/^[\w-]{22,}$/);
    expect(a).not.toBe(b);
  });

  it("takes times as ISO 8601, milliseconds and Date", async () => {
    const { client } = setup();
    const timeMs = Date.UTC(2026, 11, 1, 9);
    const times = ["2026-12-01T10:00:00+01:00", timeMs, new Date(timeMs)];
    const scheduled = await client.scheduleTasks(
      times.map((scheduledTime) => task({ scheduledTime })),
    );
    expect(scheduled.map((outcome) => outcome.ok && outcome.key.split("/")[0])).toEqual(
      Array(3).fill("2026-12-01T09:00:00.000Z"),
    );
  });

  it("takes a copy: the caller may change its objects at once", async () => {
    const { log, client } = setup();
    const data = { n: 1 };
    const scheduled = client.scheduleTask(task({ data }));
    data.n = 2;
    const { partition } = await scheduled;
    expect((await recordsOf(log, partition))[0]?.dataJson).toBe('{"n":1}');
  });

  it("refuses an invalid task before anything is written, and names all that is wrong", async () => {
    const { log, client } = setup();
    const given = {
      type: "no spaces",
      orderingId: "",
      scheduledTime: "2026-02-30T00:00:00Z",
      datum: 1,
      options: { maxAttempts: 0 },
    };
    const error = await rejection(client.scheduleTask(given as unknown as TaskInput));
    expect(error).toMatchObject({ code: "TASK_INVALID", certain: true, retryable: false });
    expect((error.details["problems"] as { path: string }[]).map(({ path }) => path)).toEqual([
      "orderingId",
      "scheduledTime",
      "type",
      "options.maxAttempts",
      "datum",
    ]);
    expect(error.message).toContain("orderingId: expected 1 to 255 bytes");
    for (const partition of [0, 1, 2, 3]) {
      expect(await log.bounds(partition)).toEqual({ startOffset: 0, endOffset: 0 });
    }
  });

  it.each([undefined, null, 3, "text", []])("refuses %p", async (given) => {
    const { client } = setup();
    const error = await rejection(client.scheduleTask(given as unknown as TaskInput));
    expect(error.code).toBe("TASK_INVALID");
  });

  it("leaves no timer behind", async () => {
    const { clock, client } = setup();
    await client.scheduleTask(task());
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("scheduleTasks", () => {
  it("gives one outcome per task, in order", async () => {
    const { client } = setup();
    const outcomes = await client.scheduleTasks([
      task({ uniquenessKey: "a" }),
      task({ orderingId: "" }),
      task({ uniquenessKey: "c" }),
    ]);
    expect(outcomes).toMatchObject([
      { ok: true, key: "2026-12-01T09:00:00.000Z/customer-42/a", offset: 0 },
      { ok: false, error: { code: "TASK_INVALID" } },
      { ok: true, key: "2026-12-01T09:00:00.000Z/customer-42/c", offset: 1 },
    ]);
  });

  it("takes any iterable, and an empty one", async () => {
    const { client } = setup();
    expect(await client.scheduleTasks(new Set())).toEqual([]);
    expect(await client.scheduleTasks(new Set([task()]))).toHaveLength(1);
  });
});
