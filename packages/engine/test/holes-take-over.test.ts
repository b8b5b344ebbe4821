import { compareTaskKeys, lowerBoundKey, parseTaskKey, type TaskKey } from "@horae/core";
import { settleClaim } from "../src/take-over.ts";
import { EngineBench } from "./engine-bench.ts";
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

function letters(): ReturnType<EngineBench["store"]["loadDeadLetters"]> {
  return bench.store.loadDeadLetters({ partition: 0, fromMs: 0, toMs: Infinity, rowsMax: 99 });
}

describe("a claim without outcome", () => {
  it("counts as an attempt at take-over (protocol 1, journal; S15, S16)", async () => {
    bench.onTask((_, { attempt }) => (attempt === 1 ? HANG() : undefined));
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({});
    await bench.untilStarts(1);
    bench.kill(first);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  it("uses up the attempts of a task that kills its process: ATTEMPTS_CRASHED and a dead letter (S17, L7)", async () => {
    bench.onTask(HANG);
    const key = await bench.schedule({}, { options: { maxAttempts: 2 } });
    for (let start = 1; start <= 2; start++) {
      const engine = bench.engine();
      await engine.start();
      await bench.untilStarts(start);
      bench.kill(engine);
    }
    await bench.engine().start();
    await bench.untilFinished(1);
    await bench.clock.advance(60_000);
    expect(bench.starts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const status = { status: "failed", attempts: 2, lastError: { code: "ATTEMPTS_CRASHED" } };
    expect(bench.row(key)?.status).toMatchObject(status);
    expect(await letters()).toMatchObject([{ key, status, request: { type: "t" } }]);
  });

  it("that was moved to its row and cut from the journal still counts (design 3, the journal)", async () => {
    bench.onTask((_, { attempt }) => (attempt === 1 ? HANG() : undefined));
    const first = bench.engine({ claimMoveMs: 2_000 });
    await first.start();
    const key = await bench.schedule({});
    await bench.clock.advance(8_000);
    expect(bench.row(key)?.status).toMatchObject({ claimOpen: true, attempts: 1 });
    const from = { epoch: 0, sequence: 0 };
    expect(await bench.store.loadClaims({ partition: 0, from, rowsMax: 9 })).toEqual([]);
    bench.kill(first);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("that was settled is not undone by the former owner's success that lands later (protocol 2, S16)", async () => {
    const outcome = store.hold("recordStatuses", "before");
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({});
    await bench.clock.advanceUntil(() => outcome.call !== undefined);
    bench.kill(first);
    const settle = store.hold("findTasks", "after");
    await bench.engine().start();
    await bench.clock.advanceUntil(() => settle.call !== undefined);
    // It lands between the read that settles the claim and the write.
    outcome.release();
    await bench.clock.advance(100);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded" });
    settle.release();
    await bench.untilFinished(1);
    await bench.clock.advance(10_000);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(bench.starts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("makes suspects, which run alone (L7)", async () => {
    let running = 0;
    let runningMax = 0;
    bench.onTask(async (_, { attempt }) => {
      if (attempt === 1) return HANG();
      runningMax = Math.max(runningMax, ++running);
      await new Promise<void>((resolve) => bench.clock.setTimer(50, resolve));
      running--;
    });
    const first = bench.engine();
    await first.start();
    for (let lane = 0; lane < 5; lane++) await bench.schedule({ orderingId: `o${lane}` });
    await bench.untilStarts(5);
    bench.kill(first);
    await bench.engine().start();
    await bench.untilFinished(5);
    expect(runningMax).toBe(1);
    expect(bench.starts).toHaveLength(10);
  });

  it("makes suspects; what waits behind them fills no memory (L7, S14)", async () => {
    bench.onTask((task) => (task.orderingId.startsWith("crashed") ? HANG() : undefined));
    const settings = { loadedTasksMax: 20 };
    const first = bench.engine(settings);
    await first.start();
    const options = { attemptTimeoutMs: 3_600_000 };
    for (let task = 0; task < 16; task++) {
      const id = { orderingId: `crashed${task % 4}`, uniquenessKey: `u${task}`, atMs: task };
      await bench.schedule(id, { options });
    }
    await bench.untilStarts(4);
    bench.kill(first);
    await bench.engine(settings).start();
    await bench.untilStarts(5);
    for (let task = 0; task < 5; task++) {
      await bench.schedule({ atMs: 30_000, orderingId: `free${task}` });
    }
    await bench.untilFinished(5, 31_000);
  });

  it("makes suspects that run though the one before them ended while the lease was suspended (L6)", async () => {
    let end: () => void = () => undefined;
    let isFirst = true;
    bench.onTask(async (_, { attempt }) => {
      if (attempt === 1) return HANG();
      if (!isFirst) return;
      isFirst = false;
      await new Promise<void>((resolve) => (end = resolve));
    });
    const first = bench.engine();
    await first.start();
    for (const orderingId of ["a", "b"]) await bench.schedule({ orderingId });
    await bench.untilStarts(2);
    bench.kill(first);
    await bench.engine().start();
    await bench.untilStarts(3);
    leases.refuse("compareAndSet", "STORE_UNAVAILABLE");
    while (bench.events.count("leaseSuspended") === 0) await bench.clock.advance(500);
    end();
    await bench.clock.advance(500);
    leases.releaseAll();
    await bench.untilFinished(2);
  });
});

describe("a finished row below a higher open claim", () => {
  it("is written again by the next owner: a late `retry` changes nothing (protocol-3, hole 1)", async () => {
    const key = keyOf(bench.clock.nowMs());
    const bucket = Math.floor(key.scheduledTimeMs / 60_000);
    const at = { partition: 0, bucket };
    const finished = statusOf({ status: "succeeded", finishedAtMs: 1 });
    const rows = [{ key, status: finished }];
    await bench.store.persistTasks({ ...at, timestamp: 1, rows: [{ key, request: requestOf() }] });
    await bench.store.recordStatuses({ ...at, timestamp: 2, rows });
    const claims = [{ key, attempt: 2 }];
    const row = { epoch: 0, sequence: 3, claims };
    await bench.store.appendClaims({ partition: 0, timestamp: 3, row });
    await bench.engine().start();
    await bench.clock.advance(5_000);
    const retry = statusOf({ attempts: 2, nextAttemptAtMs: 1 });
    await bench.store.recordStatuses({ ...at, timestamp: 50, rows: [{ key, status: retry }] });
    expect(bench.row(key)?.status).toEqual({ ...finished, attempts: 2 });
    await bench.clock.advance(60_000);
    expect(bench.starts).toEqual([]);
  });

  it("is settled with the number of the claim, and left alone when the row has it (protocol-3, hole 1)", () => {
    const row = {
      key: keyOf(1),
      request: requestOf(),
      status: statusOf({ status: "succeeded", attempts: 2, finishedAtMs: 1 }),
    };
    const claim = { key: row.key, epoch: 4 };
    const at = { epoch: 5, nowMs: 5, random: bench.random };
    expect(settleClaim(row, { ...claim, attempt: 3 }, at)).toEqual({ ...row.status, attempts: 3 });
    expect(settleClaim(row, { ...claim, attempt: 2 }, at)).toBeNull();
  });

  it("is written again when an owner between may have settled the claim unseen (sim s1-2355)", () => {
    const succeeded = statusOf({ status: "succeeded", attempts: 2, finishedAtMs: 1 });
    const claim = { key: keyOf(1), attempt: 2, epoch: 3 };
    const at = { epoch: 5, nowMs: 5, random: bench.random };
    const row = { key: claim.key, request: requestOf() };
    expect(settleClaim({ ...row, status: succeeded }, claim, at)).toEqual(succeeded);
    const retry = statusOf({ attempts: 2, nextAttemptAtMs: 1 });
    expect(settleClaim({ ...row, status: retry }, claim, at)).toEqual(retry);
  });
});

describe("a dead letter", () => {
  it("is written after a crash between row and letter, once (protocol 1.20)", async () => {
    bench.onTask(() => {
      throw new Error("no");
    });
    const letter = store.hold("writeDeadLetter", "before");
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({}, { options: { maxAttempts: 1 } });
    await bench.clock.advance(6_000);
    expect(letter.call).toBeDefined();
    expect(await letters()).toEqual([]);
    bench.kill(first);
    await bench.engine().start();
    await bench.clock.advance(6_000);
    const { finishedAtMs } = bench.row(key)!.status!;
    expect(await letters()).toMatchObject([{ key, failedAtMs: finishedAtMs }]);
    letter.release();
    await bench.clock.advance(60_000);
    expect(await letters()).toHaveLength(1);
    expect(bench.starts).toHaveLength(1);
  });
});

describe("a record of a finished task", () => {
  it("is a duplicate when it is replayed: an insert does not resurrect (protocol 1.11, S6)", async () => {
    const renewals = leases.hold("compareAndSet", "before", (args) => renewalOf(args) > 1);
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({}, { data: 1 });
    await bench.untilFinished(1);
    expect(await appliedOffset()).toBe(-1);
    const row = bench.row(key);
    bench.kill(first);
    renewals.release();
    await bench.engine().start();
    await bench.clock.advance(60_000);
    expect(bench.starts).toHaveLength(1);
    expect(bench.row(key)).toEqual(row);
    expect(bench.events.of("duplicatesDropped")).toMatchObject([{ reason: "finished" }]);
  });

  it("is a duplicate when a former owner ran it and checkpointed (protocol-2, hole 7, hsFloor)", async () => {
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({}, { data: "first" });
    await bench.untilFinished(1);
    await bench.clock.advance(5_000);
    await first.stop();
    await bench.engine().start();
    await bench.clock.advance(1_000);
    await bench.schedule(key, { data: "again" });
    await bench.clock.advance(10_000);
    expect(bench.starts).toHaveLength(1);
    expect(bench.row(key)?.request?.dataJson).toBe('"first"');
  });

  it("is a duplicate when a former owner ran it after its last checkpoint (protocol-2, hole 7, hsJ)", async () => {
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({ atMs: 5_500 });
    await bench.clock.advance(5_400);
    expect(await appliedOffset()).toBe(0);
    const renewal = leases.hold("compareAndSet", "before");
    await bench.untilFinished(1);
    bench.kill(first);
    renewal.release();
    await bench.engine().start();
    await bench.clock.advance(5_000);
    expect(bench.events.count("leaseAcquired")).toBe(2);
    await bench.schedule(key, { data: "again" });
    await bench.clock.advance(10_000);
    expect(bench.starts).toHaveLength(1);
  });

  it("is a duplicate when two owners lie between: the highest started key never falls (protocol-2, hole 7, hsC)", async () => {
    const keys: TaskKey[] = [];
    for (let owner = 0; owner < 3; owner++) {
      const engine = bench.engine({ startedKeysMax: 1 });
      await engine.start();
      // Later owners run older tasks.
      const atMs = -owner * 20_000;
      keys.push(await bench.schedule({ atMs, orderingId: `o${owner}` }));
      await bench.untilFinished(owner + 1);
      await bench.clock.advance(2_000);
      await engine.stop();
    }
    await bench.engine().start();
    await bench.clock.advance(1_000);
    for (const key of keys) await bench.schedule(key, { data: "again" });
    await bench.clock.advance(10_000);
    expect(bench.starts).toHaveLength(3);
  });
});

function renewalOf(args: readonly unknown[]): number {
  return (args[0] as { lease: { renewal: number } }).lease.renewal;
}

async function appliedOffset(): Promise<number> {
  return (await bench.leases.read(0))!.checkpoint.appliedOffset;
}

describe("a drain", () => {
  it("withdraws what is claimed and not started: number used, count not (protocol 1.25)", async () => {
    const first = bench.engine({ claimAheadMs: 100 });
    await first.start();
    const key = await bench.schedule({ atMs: 5_000 }, { options: { maxAttempts: 1 } });
    await bench.clock.advance(4_950);
    expect(bench.events.count("claimsAppended")).toBe(1);
    await first.stop();
    expect(bench.starts).toEqual([]);
    expect(bench.row(key)?.status).toMatchObject({ attempts: 1, withdrawn: 1, claimOpen: false });
    await bench.clock.advance(30_000);
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts.map(({ attempt }) => attempt)).toEqual([2]);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", withdrawn: 1 });
  });

  it("withdraws a claim that is still on its way to the journal (protocol 1.25)", async () => {
    const claim = store.hold("appendClaims", "after");
    const first = bench.engine();
    await first.start();
    const key = await bench.schedule({}, { options: { maxAttempts: 1 } });
    await bench.clock.advanceUntil(() => claim.call !== undefined);
    const stopped = first.stop();
    await bench.clock.advance(500);
    claim.release();
    await stopped;
    expect(bench.starts).toEqual([]);
    expect(bench.row(key)?.status).toMatchObject({ attempts: 1, withdrawn: 1 });
    await bench.engine().start();
    await bench.untilFinished(1);
    expect(bench.starts).toHaveLength(1);
  });
});

describe("a restart", () => {
  it("runs what is overdue by a week, in order (design 1, no look-back)", async () => {
    const first = bench.engine();
    await first.start();
    for (let task = 0; task < 60; task++) {
      const atMs = 60_000 + ((task * 37) % 60) * 20_000;
      await bench.schedule({ atMs, orderingId: `o${task % 3}`, uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(3_000);
    bench.kill(first);
    await bench.clock.advance(7 * 86_400_000);
    await bench.engine({ loadedTasksMax: 16, loadRowsMax: 5 }).start();
    await bench.untilFinished(60);
    expect(bench.starts).toHaveLength(60);
    for (const lane of ["o0", "o1", "o2"]) {
      const keys = bench.starts
        .filter(({ orderingId }) => orderingId === lane)
        .map(({ key }) => parseTaskKey(key));
      expect(keys).toEqual(keys.toSorted(compareTaskKeys));
    }
  });

  it("reads only what is unfinished (design 3, bucket summaries)", async () => {
    const first = bench.engine();
    await first.start();
    for (let task = 0; task < 60; task++) {
      const atMs = task * 4_000;
      await bench.schedule({ atMs, orderingId: `o${task % 20}`, uniquenessKey: `u${task}` });
    }
    await bench.schedule({ atMs: 270_000, orderingId: "late" });
    await bench.untilFinished(60);
    await bench.clock.advance(10_000);
    await first.stop();
    const before = store.calls.length;
    bench.events.clear();
    await bench.engine().start();
    await bench.untilFinished(61);
    const reads = store.calls.slice(before).filter(({ when }) => when === "before");
    const rows = bench.events.of("tasksLoaded").reduce((sum, event) => sum + event.rows, 0);
    expect(rows).toBe(1);
    expect(
      reads.filter(({ operation }) => /^(loadTasks|find)/.test(operation)).length,
    ).toBeLessThan(5);
    expect(bench.starts).toHaveLength(61);
  });

  it("starts nothing of a lane before what is earlier in it has been loaded (protocol-2, hole 1, wFirst)", async () => {
    const first = bench.engine();
    await first.start();
    await bench.schedule({ atMs: 20_000, uniquenessKey: "early" });
    await bench.clock.advance(3_000);
    bench.kill(first);
    await bench.clock.advance(20_000);
    const load = store.hold("loadTasks", "before");
    await bench.engine().start();
    await bench.clock.advanceUntil(() => load.call !== undefined);
    await bench.schedule({ uniquenessKey: "later" });
    await bench.clock.advance(2_000);
    expect(bench.starts).toEqual([]);
    load.release();
    await bench.untilFinished(2);
    expect(bench.startedKeys()).toEqual(["a/early", "a/later"]);
  });
});

describe("a retry whose time lies beyond the look-ahead", () => {
  async function failOnce(onRetry: "block" | "skip"): Promise<number> {
    bench.onTask((task, { attempt }) => {
      if (task.uniquenessKey === "first" && attempt === 1) throw new Error("once");
    });
    const first = bench.engine();
    await first.start();
    const backoff = { initialMs: 60_000, jitter: 0 };
    const key = await bench.schedule({ uniquenessKey: "first" }, { options: { onRetry, backoff } });
    await bench.untilStarts(1);
    await bench.clock.advance(5_000);
    bench.kill(first);
    await bench.engine().start();
    await bench.clock.advance(4_000);
    await bench.schedule({ uniquenessKey: "second" });
    return bench.row(key)!.status!.nextAttemptAtMs!;
  }

  it("keeps its lane waiting across a take-over under `block` (protocol-2, hole 1, wBlock)", async () => {
    const dueAtMs = await failOnce("block");
    await bench.untilFinished(2);
    expect(bench.startedKeys()).toEqual(["a/first", "a/first", "a/second"]);
    expect(bench.starts[1]).toMatchObject({ atMs: dueAtMs, attempt: 2 });
  });

  it("fills no memory when its record is read again under `skip` (S14)", async () => {
    bench.onTask((task) => {
      if (task.orderingId.startsWith("sleeps")) throw new Error("outage");
    });
    const settings = { loadedTasksMax: 4 };
    const first = bench.engine(settings);
    await first.start();
    const options = { onRetry: "skip", backoff: { initialMs: 600_000, jitter: 0 } } as const;
    log.refuse("checkpoint", "LOG_UNAVAILABLE");
    for (let lane = 0; lane < 4; lane++) {
      await bench.schedule({ orderingId: `sleeps${lane}` }, { options });
    }
    await bench.untilStarts(4);
    await bench.clock.advance(200);
    bench.kill(first);
    await bench.engine(settings).start();
    await bench.clock.advance(20_000);
    await bench.schedule({ orderingId: "free", atMs: 20_000 });
    await bench.untilFinished(1, 21_000);
  });

  it("lets its lane go on, and starts at its time after a take-over, under `skip` (protocol-2, hole 2; S19)", async () => {
    const dueAtMs = await failOnce("skip");
    await bench.untilFinished(2);
    expect(bench.startedKeys()).toEqual(["a/first", "a/second", "a/first"]);
    expect(bench.starts[2]).toMatchObject({ atMs: dueAtMs, attempt: 2 });
  });
});

describe("keys of one instant", () => {
  // UTF-8 has U+FF21 first, UTF-16 the emoji.
  const IDS = ["\u{1F600}", "\uFF21"];

  it("sort by their UTF-8 bytes, as the store sorts them (protocol 1.4)", async () => {
    const scheduledTimeMs = bench.clock.nowMs() + 5_000;
    await bench.engine({ loadRowsMax: 1 }).start();
    for (const uniquenessKey of IDS) await bench.schedule({ scheduledTimeMs, uniquenessKey });
    await bench.untilFinished(2);
    const keys = bench.starts.map(({ key }) => parseTaskKey(key).uniquenessKey);
    expect(keys).toEqual(["\uFF21", "\u{1F600}"]);
    expect(compareTaskKeys(keyOf(1, IDS[1]), keyOf(1, IDS[0]))).toBeLessThan(0);
    expect(compareTaskKeys(lowerBoundKey(1), keyOf(1, IDS[1]))).toBeLessThan(0);
  });
});
