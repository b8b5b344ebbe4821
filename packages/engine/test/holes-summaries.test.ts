import {
  bucketOf,
  type BucketSummary,
  compareTaskKeys,
  EMPTY_SUMMARY,
  type LeaseSwap,
  type TaskKey,
} from "@horae/core";
import { BUCKET_MS, EngineBench } from "./engine-bench.ts";
import { Faults, uncoveredRows } from "./faults.ts";
import { keyOf, requestOf, statusOf } from "./rows.ts";

let bench: EngineBench;
let store: Faults;
let leases: Faults;
let log: Faults;

beforeEach(() => {
  bench = new EngineBench();
  store = new Faults(bench.store);
  leases = new Faults(bench.leases);
  log = new Faults(bench.log);
});

afterEach(async () => {
  for (const faults of [store, leases, log]) faults.releaseAll();
  expect(await uncoveredRows(bench)).toEqual([]);
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

const HANG = (): Promise<never> => new Promise(() => undefined);
const SLEEPER = { onRetry: "skip", backoff: { initialMs: 60_000, jitter: 0 } } as const;

function bucketAt(timeMs: number): number {
  return bucketOf({ scheduledTimeMs: timeMs }, BUCKET_MS);
}

async function summaryAt(timeMs: number): Promise<BucketSummary> {
  return (await bench.store.findSummary({ partition: 0, bucket: bucketAt(timeMs) }))!;
}

describe("pass-through", () => {
  it.each(["persistTasks", "writeSummary"])(
    "waits for row and summary: %s is under way (protocol-3, hole 2, passBoth)",
    async (operation) => {
      const write = store.hold(operation, "after");
      await bench.engine().start();
      await bench.schedule({});
      await bench.clock.advance(10_000);
      expect(write.call).toBeDefined();
      expect(bench.starts).toEqual([]);
      expect(await bench.leases.read(0)).toMatchObject({ checkpoint: { appliedOffset: -1 } });
      write.release();
      await bench.untilFinished(1);
    },
  );
});

describe("a counted duplicate of an unfinished row", () => {
  /** A former owner's row and claim, of a record on the log, and the lowering that never landed. */
  async function rowWithoutSummary(when: { atMs?: number } = {}): Promise<TaskKey> {
    const key = await bench.schedule(when);
    const at = { partition: 0, bucket: bucketAt(key.scheduledTimeMs) };
    await bench.store.persistTasks({ ...at, timestamp: 1, rows: [{ key, request: requestOf() }] });
    const rows = [{ key, status: statusOf({ claimOpen: true }) }];
    await bench.store.recordStatuses({ ...at, timestamp: 2, rows });
    return key;
  }

  it("lowers the summary that does not cover the row (protocol-3, hole 2, dupLow)", async () => {
    bench.onTask(HANG);
    await rowWithoutSummary();
    const first = bench.engine();
    await first.start();
    await bench.clock.advance(5_000);
    expect(bench.starts).toMatchObject([{ attempt: 2 }]);
    expect(await bench.leases.read(0)).toMatchObject({ checkpoint: { appliedOffset: 0 } });
    expect(await uncoveredRows(bench)).toEqual([]);
    bench.kill(first);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.events.of("duplicatesDropped")).toMatchObject([{ reason: "claimed" }]);
  });

  it("is run when a load passes between the look and the lowering (model: duplicatePassesAtAck)", async () => {
    bench.onTask(HANG);
    await rowWithoutSummary({ atMs: 10_000 });
    const lowering = store.hold("writeSummary", "before");
    await bench.engine({ lookAheadMs: 5_000 }).start();
    await bench.clock.advanceUntil(() => lowering.call !== undefined);
    expect(store.calls.some(({ operation }) => operation === "findTasks")).toBe(true);
    // Loads see nothing, up to the task and beyond: no summary leads to the row yet.
    await bench.clock.advance(8_000);
    lowering.release();
    await bench.clock.advance(10_000);
    expect(bench.starts).toMatchObject([{ attempt: 2 }]);
    expect(await bench.leases.read(0)).toMatchObject({ checkpoint: { appliedOffset: 0 } });
  });

  it("lowers for a task that memory knows by a summary that this owner's own has beaten (model: duplicateLowers)", async () => {
    bench.onTask(HANG);
    await bench.schedule({ orderingId: "b", atMs: 20_000 });
    const key = await rowWithoutSummary();
    const load = store.hold("loadSummaries", "before");
    const own = store.hold("writeSummary", "before");
    const engine = bench.engine({ receiveRecordsMax: 1 });
    await engine.start();
    await bench.clock.advanceUntil(() => own.call !== undefined);
    // A former owner's lowering lands late: what this owner has read before, and writes, beats it.
    const bucket = bucketAt(key.scheduledTimeMs);
    const summary = { ...EMPTY_SUMMARY, lowKey: key };
    await bench.store.writeSummary({ partition: 0, bucket, timestamp: 3, summary });
    load.release();
    await bench.untilStarts(1);
    own.release();
    await bench.clock.advance(5_000);
    expect(await bench.leases.read(0)).toMatchObject({ checkpoint: { appliedOffset: 1 } });
    expect(await uncoveredRows(bench)).toEqual([]);
  });

  it("is looked at when its task leaves memory while others are looked at (simulation 349)", async () => {
    let fail: (error: Error) => void = () => undefined;
    const failing = new Promise<void>((_, reject) => {
      fail = reject;
    });
    bench.onTask(({ key }) => (key.endsWith("/twice") ? failing : undefined));
    const twice = { orderingId: "b", uniquenessKey: "twice" };
    await bench.engine({ startedKeysMax: 1 }).start();
    // Of the first one it is forgotten that it has run: its key is looked at when it comes again.
    const before = await bench.schedule({ uniquenessKey: "u0" });
    for (let at = 1; at < 4; at++) await bench.schedule({ uniquenessKey: `u${at}` });
    await bench.untilFinished(4);
    await bench.schedule(twice, { options: SLEEPER });
    await bench.untilStarts(5);
    log.refuse("readLog", "LOG_UNAVAILABLE");
    await bench.schedule({ orderingId: "c" });
    await bench.untilFinished(5);
    await bench.schedule(twice, { options: SLEEPER });
    await bench.schedule(before);
    log.releaseAll();
    const look = store.hold("findTasks", "after");
    await bench.clock.advanceUntil(() => look.call !== undefined);
    fail(new Error("no"));
    await bench.clock.advance(2_000);
    look.release();
    await bench.clock.advance(5_000);
    expect(bench.events.of("duplicatesDropped")).toMatchObject([
      { reason: "claimed", records: 1 },
      { reason: "finished", records: 1 },
    ]);
    expect(bench.starts).toHaveLength(6);
  });

  it("stays covered when a raise flies while its batch is written (protocol-3, holes 2 and 3)", async () => {
    bench.onTask(HANG);
    await rowWithoutSummary();
    await bench.schedule({ orderingId: "b", atMs: 2 });
    const write = store.hold("persistTasks", "after");
    const read = log.hold("readLog", "before");
    const first = bench.engine();
    await first.start();
    // The first load is over: nobody but the duplicate knows of the row.
    await bench.clock.advance(1_000);
    read.release();
    await bench.clock.advance(90_000);
    expect(write.call).toBeDefined();
    write.release();
    await bench.untilStarts(2);
    // Before the task is stuck: a stuck one would become an exception, and so be covered again.
    await bench.clock.advanceUntil(() =>
      leases.calls.some(({ when, args }) => when === "after" && appliedOffsetOf(args) === 1),
    );
    expect(await uncoveredRows(bench)).toEqual([]);
    bench.kill(first);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(2);
  });
});

function appliedOffsetOf(args: readonly unknown[]): number | undefined {
  return (args[0] as Partial<LeaseSwap>).lease?.checkpoint.appliedOffset;
}

describe("a raise", () => {
  /** A bucket with a low key that is being raised: it is done. */
  async function raising(
    when: "before" | "after",
  ): Promise<{ engine: ReturnType<EngineBench["engine"]>; raise: ReturnType<Faults["hold"]> }> {
    const engine = bench.engine();
    await engine.start();
    await bench.schedule({ orderingId: "x" });
    await bench.untilFinished(1);
    const raise = store.hold("writeSummary", when);
    await bench.clock.advanceUntil(() => raise.call !== undefined, 90_000);
    return { engine, raise };
  }

  it.each(["before", "after"] as const)(
    "that flies while a row below it is inserted does not uncover it, %s it lands (protocol-3, hole 3, lowFlight)",
    async (when) => {
      const startMs = bench.clock.nowMs();
      const { engine, raise } = await raising(when);
      bench.onTask(HANG);
      const key = await bench.schedule({ scheduledTimeMs: startMs + 1, uniquenessKey: "k0" });
      await bench.clock.advance(1_000);
      expect(bench.row(key)).toBeDefined();
      raise.release();
      await bench.clock.advance(5_000);
      expect(await uncoveredRows(bench)).toEqual([]);
      expect(bench.starts).toHaveLength(2);
      bench.kill(engine);
      bench.onTask(() => undefined);
      await bench.engine().start();
      await bench.untilFinished(2);
    },
  );

  it("does not pass an insert that is under way (protocol-3, raiseIns)", async () => {
    const startMs = bench.clock.nowMs();
    const engine = bench.engine();
    await engine.start();
    await bench.schedule({ orderingId: "x" });
    await bench.untilFinished(1);
    bench.onTask(HANG);
    const write = store.hold("persistTasks", "after");
    await bench.schedule({ scheduledTimeMs: startMs + 1, uniquenessKey: "k0" });
    await bench.clock.advance(70_000);
    expect(write.call).toBeDefined();
    write.release();
    await bench.untilStarts(2);
    await bench.clock.advance(5_000);
    bench.kill(engine);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(2);
  });

  it("does not pass the read position: a bucket is done only when all of it was read (protocol-3, hole 4, raiseRp)", async () => {
    const first = bench.engine();
    await first.start();
    await bench.schedule({ orderingId: "x" });
    const late = await bench.schedule({ atMs: 50_000, orderingId: "y" });
    await bench.untilFinished(1);
    await bench.clock.advance(20_000);
    const { lowKey } = await summaryAt(late.scheduledTimeMs);
    expect(compareTaskKeys(lowKey!, late)).toBeLessThanOrEqual(0);
    bench.kill(first);
    await bench.engine().start();
    await bench.untilFinished(2);
    expect(bench.starts[1]).toMatchObject({ atMs: late.scheduledTimeMs });
  });

  it("says done when all has finished, and not before (protocol-3, raiseAck)", async () => {
    let finish: () => void = () => undefined;
    bench.onTask(() => new Promise<void>((resolve) => (finish = resolve)));
    await bench.engine().start();
    const key = await bench.schedule({});
    await bench.clock.advance(90_000);
    const stuck = await summaryAt(key.scheduledTimeMs);
    expect(stuck).toMatchObject({ lowKey: null, exceptions: [key] });
    const outcome = store.hold("recordStatuses", "before");
    finish();
    await bench.clock.advance(10_000);
    expect(outcome.call).toBeDefined();
    expect(await summaryAt(key.scheduledTimeMs)).toEqual(stuck);
    outcome.release();
    await bench.clock.advance(10_000);
    expect(await summaryAt(key.scheduledTimeMs)).toMatchObject({ lowKey: null, exceptions: [] });
  });

  it("of a former owner that lands late changes nothing (protocol-3, by hand; own)", async () => {
    const startMs = bench.clock.nowMs();
    const { engine, raise } = await raising("before");
    bench.kill(engine);
    bench.onTask(HANG);
    const second = bench.engine();
    await second.start();
    await bench.schedule({ scheduledTimeMs: startMs + 1, uniquenessKey: "k0" });
    await bench.untilStarts(2);
    raise.release();
    await bench.clock.advance(5_000);
    expect(await uncoveredRows(bench)).toEqual([]);
    bench.kill(second);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(2);
  });
});

describe("a sleeper under `skip`", () => {
  function failFirstAttempts(): void {
    bench.onTask((task, { attempt }) => {
      if (task.uniquenessKey.startsWith("s") && attempt === 1) throw new Error("once");
    });
  }

  it("leaves memory, and is read again in time (protocol-3, hole 7, slReg)", async () => {
    failFirstAttempts();
    await bench.engine({ loadedTasksMax: 2 }).start();
    const key = await bench.schedule({ uniquenessKey: "s" }, { options: SLEEPER });
    await bench.untilStarts(1);
    const dueAtMs = bench.row(key)!.status!.nextAttemptAtMs!;
    const before = store.count(/^loadTasks|findTasks/);
    await bench.clock.advance(40_000);
    expect(store.count(/^loadTasks|findTasks/)).toBe(before);
    await bench.clock.advance(15_000);
    expect(store.count(/^loadTasks|findTasks/)).toBeGreaterThan(before);
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ attempt: 1 }, { attempt: 2, atMs: dueAtMs }]);
  });

  it.each(["one owner", "a take-over"])(
    "beyond the exceptions of its bucket is not lost, with %s (protocol-3, hole 5, raiseSl)",
    async (owners) => {
      failFirstAttempts();
      const settings = { exceptionsMax: 2 };
      const first = bench.engine(settings);
      await first.start();
      const options = { ...SLEEPER, backoff: { initialMs: 120_000, jitter: 0 } };
      for (let task = 0; task < 6; task++) {
        const id = { orderingId: `o${task}`, uniquenessKey: `s${task}`, atMs: task };
        await bench.schedule(id, { options });
      }
      const key = await bench.schedule({ atMs: 10, orderingId: "z" });
      await bench.untilFinished(1);
      await bench.clock.advance(80_000);
      const summary = await summaryAt(key.scheduledTimeMs);
      expect(summary.exceptions).toHaveLength(2);
      expect(summary.lowKey).toMatchObject({ orderingId: "o2" });
      if (owners !== "one owner") {
        bench.kill(first);
        await bench.engine(settings).start();
      }
      await bench.untilFinished(7);
      const atMs = bench.starts.slice(7).map((start) => start.atMs);
      const due = bench.starts.slice(0, 6).map((start) => start.atMs + 120_000);
      expect(atMs).toEqual(due);
    },
  );

  it("that a take-over finds is remembered, not only read (protocol-3, hole 7, slReg)", async () => {
    failFirstAttempts();
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({ uniquenessKey: "s" }, { options: SLEEPER });
    await bench.untilStarts(1);
    await first.stop();
    const second = bench.engine();
    await second.start();
    // Long enough for raises of the second owner, then a third one.
    await bench.clock.advance(20_000);
    bench.kill(second);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts[1]!.atMs).toBe(bench.starts[0]!.atMs + 60_000);
    expect(bench.row(key)?.status).toMatchObject({ attempts: 2 });
  });

  it("whose retry is acknowledged while its bucket is read again is kept (protocol-3, by hand)", async () => {
    const { clock } = bench;
    bench.onTask((task, { attempt }) => {
      if (attempt > 1) return;
      throw new Error("once");
    });
    await bench.engine().start();
    await bench.schedule({ uniquenessKey: "s0" }, { options: SLEEPER });
    await bench.untilStarts(1);
    const reread = store.hold("loadTasks", "after");
    const found = store.hold("findTasks", "after");
    await clock.advance(50_500);
    expect(reread.call ?? found.call).toBeDefined();
    // It starts, fails and sleeps while the bucket is being read again.
    const startMs = bench.starts[0]!.atMs;
    await bench.schedule({ scheduledTimeMs: startMs + 1, orderingId: "b" }, { options: SLEEPER });
    await clock.advance(1_000);
    expect(bench.starts).toHaveLength(2);
    reread.release();
    found.release();
    await bench.untilFinished(2);
    expect(bench.starts[3]!.atMs).toBe(bench.starts[1]!.atMs + 60_000);
  });
});

describe("buckets", () => {
  it("far apart, ahead and behind, are all found by the next owner (design 3)", async () => {
    const first = bench.engine();
    await first.start();
    const minutes = [0, 3, -90, 6, 1, -5, 5];
    for (const minute of minutes) {
      await bench.schedule({ atMs: minute * 60_000 + 30_000, orderingId: `m${minute}` });
    }
    bench.onTask(HANG);
    await bench.clock.advance(5_000);
    bench.kill(first);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(minutes.length, 3_600_000);
    const due = bench.starts.filter(({ epoch }) => epoch === 2).map(({ orderingId }) => orderingId);
    expect(due.slice(2)).toEqual(["m0", "m1", "m3", "m5", "m6"]);
  });

  it("that are done take a late task as an exception, which the next owner finds (design 3)", async () => {
    const startMs = bench.clock.nowMs();
    const first = bench.engine();
    await first.start();
    for (let at = 0; at < 5; at++) await bench.schedule({ atMs: at, uniquenessKey: `u${at}` });
    await bench.untilFinished(5);
    await bench.clock.advance(90_000);
    expect(await summaryAt(startMs)).toMatchObject({ lowKey: null, exceptions: [] });
    bench.onTask(HANG);
    const late: TaskKey = keyOf(startMs + 2, "late");
    await bench.schedule(late);
    await bench.untilStarts(6);
    expect(await summaryAt(startMs)).toMatchObject({ lowKey: null, exceptions: [late] });
    await bench.clock.advance(3_000);
    bench.kill(first);
    bench.onTask(() => undefined);
    await bench.engine().start();
    await bench.untilFinished(6);
  });

  it("with a stuck task let the low key move on: it is an exception (design 3)", async () => {
    bench.onTask((task) => (task.uniquenessKey === "stuck" ? HANG() : undefined));
    const first = bench.engine();
    await first.start();
    const stuck = await bench.schedule({ orderingId: "s", uniquenessKey: "stuck" });
    for (let at = 1; at < 20; at++) await bench.schedule({ atMs: at, uniquenessKey: `u${at}` });
    await bench.untilFinished(19);
    await bench.clock.advance(90_000);
    expect(await summaryAt(stuck.scheduledTimeMs)).toMatchObject({
      lowKey: null,
      exceptions: [stuck],
    });
    bench.kill(first);
    bench.onTask(() => undefined);
    bench.events.clear();
    await bench.engine().start();
    await bench.untilFinished(20);
    expect(bench.events.of("tasksLoaded")).toMatchObject([{ rows: 1, loaded: 1 }]);
  });
});

describe("a bucket that was forgotten while it lay ahead", () => {
  it("is raised when its task has run, though no load has met it (seed 32383)", async () => {
    const [early, late] = [70_000, 200_000];
    const a = await bench.schedule({ orderingId: "a", atMs: early });
    const b = await bench.schedule({ orderingId: "b", atMs: late });
    // Both came in one batch, and its tasks go to memory together.
    const writing = store.hold("persistTasks", "before", ([write]) => {
      const { bucket } = write as { bucket: number };
      return bucket === bucketAt(b.scheduledTimeMs);
    });
    await bench.engine({ idleBucketsMax: 0 }).start();
    await bench.clock.advance(early + 1_000);
    expect(writing.call).toBeDefined();
    writing.release();
    await bench.untilFinished(1);
    await bench.clock.advance(BUCKET_MS);
    expect(bench.startedKeys()).toHaveLength(1);
    expect(await summaryAt(a.scheduledTimeMs)).toMatchObject({ lowKey: null, exceptions: [] });
    expect((await summaryAt(a.scheduledTimeMs)).lastFinishMs).not.toBeNull();
  });
});

describe("the last raise of an epoch", () => {
  /** One task is finished, one is ahead in the same bucket; answers how to read that one's low key. */
  async function finishOne(): Promise<() => Promise<number>> {
    await bench.engine().start();
    const ahead = await bench.schedule({ uniquenessKey: "ahead", atMs: 50_000 });
    await bench.schedule({});
    await bench.untilFinished(1);
    return async () => (await summaryAt(ahead.scheduledTimeMs)).lowKey!.scheduledTimeMs;
  }

  it("goes up to the present, though nothing has changed since an earlier one that stayed behind", async () => {
    const lowMs = await finishOne();
    await bench.clock.advance(4_000);
    const beganAtMs = bench.clock.nowMs();
    expect(await lowMs()).toBeLessThanOrEqual(beganAtMs - 4_000);
    await bench.stop();
    expect(await lowMs()).toBe(beganAtMs);
  });

  it("waits for one that is under way", async () => {
    const lowMs = await finishOne();
    const raise = store.hold("writeSummary", "before");
    await bench.clock.advanceUntil(() => raise.call !== undefined);
    const stopping = bench.stop();
    await bench.clock.advance(1_000);
    raise.release();
    const releasedAtMs = bench.clock.nowMs();
    await stopping;
    expect(await lowMs()).toBe(releasedAtMs);
  });
});
