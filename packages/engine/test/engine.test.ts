import { RetryLaterError, TaskFailedError } from "@horae/core";
import { EngineBench } from "./engine-bench.ts";

let bench: EngineBench;

beforeEach(() => {
  bench = new EngineBench();
});

afterEach(async () => {
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

describe("a task", () => {
  it("runs at its time, not before, with its data", async () => {
    await bench.engine().start();
    const key = await bench.schedule({ atMs: 5_000 }, { data: { invoice: 7 } });
    await bench.clock.advance(4_999);
    expect(bench.starts).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.starts).toMatchObject([
      { data: { invoice: 7 }, attempt: 1, atMs: key.scheduledTimeMs },
    ]);
    expect(bench.events.of("attemptStarted")).toMatchObject([{ latenessMs: 0 }]);
  });

  it("runs at its time when that lies beyond the look-ahead", async () => {
    await bench.engine().start();
    const key = await bench.schedule({ atMs: 3_600_000 });
    await bench.clock.advance(3_599_999);
    expect(bench.starts).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.starts).toMatchObject([{ atMs: key.scheduledTimeMs }]);
  });

  it("is finished by an update of its row, with what the handler returned", async () => {
    bench.onTask(() => ({ sent: true }));
    await bench.engine().start();
    const key = await bench.schedule({});
    await bench.untilFinished(1);
    expect(bench.row(key)?.status).toMatchObject({
      status: "succeeded",
      attempts: 1,
      resultJson: '{"sent":true}',
    });
  });

  it("is retried with back-off, and fails when its attempts are used up", async () => {
    bench.onTask(() => {
      throw new Error("boom");
    });
    await bench.engine().start();
    const key = await bench.schedule({}, { options: { maxAttempts: 3, backoff: { jitter: 0 } } });
    await bench.untilFinished(1);
    const [first, second, third] = bench.starts.map(({ atMs }) => atMs);
    expect([second! - first!, third! - second!]).toEqual([1_000, 2_000]);
    expect(bench.row(key)?.status).toMatchObject({ status: "failed", attempts: 3 });
    const letters = await bench.store.loadDeadLetters({
      partition: 0,
      fromMs: 0,
      toMs: Infinity,
      rowsMax: 9,
    });
    expect(letters).toMatchObject([{ key, request: { type: "t" }, status: { status: "failed" } }]);
  });

  it("fails at once on TaskFailedError, and waits as RetryLaterError says", async () => {
    bench.onTask((task) => {
      if (task.uniquenessKey === "fails") throw new TaskFailedError("no");
      if (bench.starts.length < 3) throw new RetryLaterError({ delayMs: 12_345 });
    });
    await bench.engine().start();
    await bench.schedule({ orderingId: "a", uniquenessKey: "fails" });
    await bench.schedule({ orderingId: "b", uniquenessKey: "later" });
    await bench.untilFinished(2);
    const later = bench.starts.filter(({ orderingId }) => orderingId === "b");
    expect(later[1]!.atMs - later[0]!.atMs).toBe(12_345);
    expect(bench.starts.filter(({ orderingId }) => orderingId === "a")).toHaveLength(1);
  });

  it("fails for good when its handler says so after the time-out, within the grace", async () => {
    bench.onTask(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new TaskFailedError("given up")));
        }),
    );
    await bench.engine().start();
    const key = await bench.schedule({}, { options: { attemptTimeoutMs: 500 } });
    await bench.untilFinished(1);
    expect(bench.starts).toHaveLength(1);
    expect(bench.row(key)?.status).toMatchObject({ lastError: { code: "TASK_FAILED" } });
  });

  it("times out, and is a runaway when it does not end after the abort", async () => {
    const signals: AbortSignal[] = [];
    bench.onTask((_, context) => {
      signals.push(context.signal);
      return new Promise(() => undefined);
    });
    await bench.engine({ abortGraceMs: 1_000 }).start();
    const options = { maxAttempts: 1, attemptTimeoutMs: 500 };
    const key = await bench.schedule({ orderingId: "stuck" }, { options });
    await bench.schedule({ orderingId: "stuck", atMs: 1, uniquenessKey: "next" }, { options });
    await bench.untilFinished(1);
    expect(signals[0]!.aborted).toBe(true);
    expect(bench.row(key)?.status).toMatchObject({
      status: "failed",
      lastError: { code: "TIMEOUT" },
    });
    expect(bench.events.count("attemptRanAway")).toBe(1);
    await bench.untilFinished(2);
  });

  it("waits for a handler of its type, without using up attempts", async () => {
    bench.handlers.delete("t");
    await bench.engine().start();
    const key = await bench.schedule({}, { options: { maxAttempts: 1 } });
    await bench.clock.advance(30_000);
    expect(bench.events.count("handlerMissing")).toBeGreaterThan(1);
    bench.onTask(() => undefined);
    await bench.untilFinished(1);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", attempts: 1 });
  });
});

describe("an ordering id", () => {
  it("runs its tasks one at a time, in key order", async () => {
    let running = 0;
    bench.onTask(async () => {
      expect(++running).toBe(1);
      await new Promise<void>((resolve) => bench.clock.setTimer(50, resolve));
      running--;
    });
    await bench.engine().start();
    for (const at of [30, 10, 20]) await bench.schedule({ atMs: at, uniquenessKey: `u${at}` });
    await bench.untilFinished(3);
    expect(bench.startedKeys()).toEqual(["a/u10", "a/u20", "a/u30"]);
  });

  it("waits behind a retry under `block`, and goes on under `skip`", async () => {
    bench.onTask((task, { attempt }) => {
      if (task.uniquenessKey === "first" && attempt === 1) throw new Error("once");
    });
    await bench.engine().start();
    for (const [orderingId, onRetry] of [
      ["b", "block"],
      ["s", "skip"],
    ] as const) {
      await bench.schedule({ orderingId, uniquenessKey: "first" }, { options: { onRetry } });
      await bench.schedule({ orderingId, atMs: 1, uniquenessKey: "second" });
    }
    await bench.untilFinished(4);
    const order = (id: string) => bench.startedKeys().filter((key) => key.startsWith(id));
    expect(order("b")).toEqual(["b/first", "b/first", "b/second"]);
    expect(order("s")).toEqual(["s/first", "s/second", "s/first"]);
  });

  it("gets fences that strictly grow", async () => {
    await bench.engine().start();
    for (let at = 0; at < 20; at++) await bench.schedule({ atMs: at, uniquenessKey: `u${at}` });
    await bench.untilFinished(20);
    const fences = bench.starts.map(({ fence }) => fence);
    expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    expect(new Set(fences).size).toBe(20);
  });
});

describe("a key that is scheduled twice", () => {
  it("is one task, and the latest data win until it is claimed", async () => {
    await bench.engine().start();
    const key = await bench.schedule({ atMs: 5_000 }, { data: "old" });
    await bench.clock.advance(2_000);
    await bench.schedule(key, { data: "new" });
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ data: "new" }]);
  });

  it("is a counted duplicate once it was claimed, or has finished", async () => {
    await bench.engine().start();
    const key = await bench.schedule({});
    await bench.untilFinished(1);
    await bench.schedule(key, { data: "late" });
    await bench.clock.advance(1_000);
    expect(bench.starts).toHaveLength(1);
    expect(bench.events.of("duplicatesDropped")).toMatchObject([
      { reason: "finished", records: 1 },
    ]);
  });
});

describe("a bad record", () => {
  it("is quarantined, and the partition goes on", async () => {
    await bench.engine().start();
    bench.log.appendRaw({ partition: 0, key: null, value: new TextEncoder().encode("{") });
    await bench.schedule({});
    await bench.untilFinished(1);
    expect(bench.log.quarantined()).toMatchObject([
      { reason: "RECORD_NOT_JSON", record: { offset: 0 } },
    ]);
  });

  it("is quarantined for its horizon at first receipt", async () => {
    await bench.engine().start();
    await bench.schedule({ atMs: 11 * 366 * 86_400_000 });
    await bench.clock.advance(1_000);
    expect(bench.log.quarantined()).toMatchObject([{ reason: "TIME_OUT_OF_RANGE" }]);
  });
});

describe("an idle partition", () => {
  it("costs no reads of tasks or index", async () => {
    await bench.engine().start();
    await bench.schedule({ atMs: 86_400_000 });
    await bench.schedule({});
    await bench.untilFinished(1);
    await bench.clock.advance(120_000);
    const reads: string[] = [];
    bench.store.intercept = ({ operation, when }) => {
      if (when === "before" && /^(load|find)/.test(operation)) reads.push(operation);
    };
    const writes: string[] = [];
    await bench.clock.advance(600_000);
    expect({ reads, writes }).toEqual({ reads: [], writes: [] });
  });
});
