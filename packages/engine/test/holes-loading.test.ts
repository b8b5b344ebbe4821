import { compareTaskKeys, parseTaskKey } from "@horae/core";
import { EngineBench } from "./engine-bench.ts";
import { Faults, type Held, uncoveredRows } from "./faults.ts";

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

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => bench.clock.setTimer(delayMs, resolve));
}

async function untilHeld(held: Held): Promise<void> {
  await bench.clock.advanceUntil(() => held.call !== undefined);
}

/** Keys of a lane in the order of their starts are in key order, each once. */
function expectInOrder(orderingId: string, count: number): void {
  const keys = bench.starts
    .filter((start) => start.orderingId === orderingId)
    .map(({ key }) => parseTaskKey(key));
  expect(keys).toHaveLength(count);
  expect(keys).toEqual(keys.toSorted(compareTaskKeys));
}

describe("load and insert cross (protocol 1.3)", () => {
  /** A load of what is due 20 s from now is about to be made. */
  async function untilLoad(when: "before" | "after"): Promise<Held> {
    await bench.engine().start();
    await bench.schedule({ atMs: 20_000, uniquenessKey: "loaded" });
    await bench.clock.advance(5_000);
    const load = store.hold("loadTasks", when);
    await untilHeld(load);
    return load;
  }

  it("a row that is acknowledged while the load flies is not seen by it, and runs (announce)", async () => {
    const load = await untilLoad("after");
    const key = await bench.schedule({ atMs: 7_000, orderingId: "b" });
    await bench.clock.advance(500);
    expect(bench.row(key)).toBeDefined();
    load.release();
    await bench.untilFinished(2);
    expect(bench.starts.at(-1)).toMatchObject({ orderingId: "b", atMs: key.scheduledTimeMs });
  });

  it("a row that is written before the load reads and acknowledged after it returned runs once (atAck)", async () => {
    const load = await untilLoad("before");
    const insert = store.hold("persistTasks", "after");
    const key = await bench.schedule({ atMs: 7_000, orderingId: "b" });
    await untilHeld(insert);
    load.release();
    await bench.clock.advance(500);
    insert.release();
    await bench.untilFinished(2);
    await bench.clock.advance(10_000);
    expect(bench.starts).toHaveLength(2);
    expect(bench.starts[1]).toMatchObject({ atMs: key.scheduledTimeMs });
  });

  it("a row that is written after the load read and acknowledged after it returned runs (atAck)", async () => {
    const load = await untilLoad("after");
    const insert = store.hold("persistTasks", "before");
    const key = await bench.schedule({ atMs: 7_000, orderingId: "b" });
    await untilHeld(insert);
    load.release();
    await bench.clock.advance(500);
    insert.release();
    await bench.untilFinished(2);
    expect(bench.starts[1]).toMatchObject({ atMs: key.scheduledTimeMs });
  });

  it("a row above the announced bound is brought by the next load", async () => {
    const load = await untilLoad("after");
    const key = await bench.schedule({ atMs: 12_000, orderingId: "b" });
    await bench.clock.advance(500);
    load.release();
    await bench.untilFinished(2);
    expect(bench.starts[1]).toMatchObject({ atMs: key.scheduledTimeMs });
  });
});

describe("what a read brings that is older than what happened since", () => {
  const SLEEPER = { onRetry: "skip", backoff: { initialMs: 30_000, jitter: 0 } } as const;

  it("is dropped: a load does not bring back a finished task (protocol-2, hole 6, loadSince)", async () => {
    let finish: () => void = () => undefined;
    bench.onTask((task, { attempt }) => {
      if (task.orderingId === "sleeper" && attempt === 1) throw new Error("once");
      if (task.orderingId !== "long") return undefined;
      return new Promise<void>((resolve) => (finish = resolve));
    });
    await bench.engine().start();
    await bench.schedule({ orderingId: "sleeper" }, { options: SLEEPER });
    await bench.schedule({ orderingId: "long", atMs: 1 });
    await bench.untilStarts(2);
    const reread = store.hold("loadTasks", "after");
    await untilHeld(reread);
    finish();
    await bench.untilFinished(1);
    reread.release();
    await bench.untilFinished(2);
    await bench.clock.advance(60_000);
    expect(bench.starts.map(({ orderingId }) => orderingId)).toEqual([
      "sleeper",
      "long",
      "sleeper",
    ]);
  });
});

describe("the first load of an owner", () => {
  /** A hundred tasks, the first of them due 20 s from now, that an owner has persisted and left. */
  async function persistHundred(everyMs: number): Promise<void> {
    await bench.engine().start();
    for (let task = 0; task < 100; task++) {
      await bench.schedule({ atMs: 20_000 + task * everyMs, uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(1_000);
    await bench.stop();
  }

  /** Starts the next owner; its second read of rows is held. */
  async function startNext(): Promise<{ rest: Held; loadedAtMs: number[] }> {
    const loadedAtMs: number[] = [];
    const rest = store.hold("loadTasks", "before", () => {
      return loadedAtMs.push(bench.clock.nowMs()) === 2;
    });
    await bench.engine().start();
    await untilHeld(rest);
    return { rest, loadedAtMs };
  }

  it("is a small one, so that what is due starts before the rest is read", async () => {
    await persistHundred(1);
    await bench.clock.advance(30_000);
    const { rest } = await startNext();
    await bench.untilFinished(1);
    expect(bench.finished().length).toBeLessThan(100);
    rest.release();
    await bench.untilFinished(100);
    expectInOrder("a", 100);
  });

  it("is followed by the rest a little later, when nothing of that is due soon", async () => {
    await persistHundred(20);
    await bench.clock.advance(15_000);
    const { rest, loadedAtMs } = await startNext();
    expect(loadedAtMs[1]! - loadedAtMs[0]!).toBe(250);
    rest.release();
    await bench.untilFinished(100);
    expectInOrder("a", 100);
  });
});

describe("a look", () => {
  it("takes an unfinished row below the read position to memory (protocol-2, hole 8, lookLoad)", async () => {
    const insert = store.hold("persistTasks", "before");
    const first = bench.engine();
    await first.start();
    await bench.schedule({ atMs: 1_000 });
    await untilHeld(insert);
    bench.kill(first);
    const read = log.hold("readLog", "before");
    await bench.engine().start();
    await untilHeld(read);
    await bench.clock.advance(2_000);
    insert.release();
    await bench.clock.advance(1_000);
    expect(bench.starts).toEqual([]);
    read.release();
    await bench.untilFinished(1);
    expect(bench.events.of("duplicatesDropped")).toMatchObject([{ reason: "replayed" }]);
  });
});

describe("a look that crosses a load", () => {
  it("lets nothing overtake the attempted task that it keeps the load from bringing (S13)", async () => {
    bench.onTask((task, { attempt }) => {
      if (task.uniquenessKey === "first" && attempt === 1) throw new Error("once");
    });
    const killed = bench.engine();
    await killed.start();
    await bench.schedule({ uniquenessKey: "first" });
    await bench.schedule({ atMs: 1, uniquenessKey: "second" });
    await bench.clock.advanceUntil(() => bench.events.count("outcomesRecorded") > 0);
    // Before a checkpoint: the records are received again.
    bench.kill(killed);
    await bench.schedule({ atMs: 2, uniquenessKey: "third" });

    const load = store.hold("loadTasks", "after");
    const write = store.hold("persistTasks", "before");
    await bench.engine().start();
    await untilHeld(load);
    await untilHeld(write);
    load.release();
    await bench.clock.advance(5_000);
    write.release();
    await bench.untilFinished(3);
    expect(bench.startedKeys()).toEqual(["a/first", "a/first", "a/second", "a/third"]);
  });
});

describe("data of a key that is scheduled again", () => {
  it.each([
    ["in memory", 8_000],
    ["in its row only", 60_000],
  ])(
    "are not overwritten by a replay of older ones, %s (protocol 1.32; protocol-2, hole 11)",
    async (_, atMs) => {
      const renewals = leases.hold("compareAndSet", "before", ([swap]) => {
        return (swap as { lease: { renewal: number } }).lease.renewal > 1;
      });
      const first = bench.engine();
      await first.start();
      const key = await bench.schedule({ atMs }, { data: "old" });
      await bench.clock.advance(200);
      await bench.schedule(key, { data: "new" });
      await bench.clock.advance(200);
      expect(bench.row(key)?.request?.dataJson).toBe('"new"');
      bench.kill(first);
      renewals.release();
      let reads = 0;
      const second = log.hold("readLog", "before", () => ++reads === 2);
      await bench.engine({ receiveRecordsMax: 1 }).start();
      await untilHeld(second);
      await bench.untilFinished(1, 90_000);
      expect(bench.starts).toMatchObject([{ data: "new", atMs: key.scheduledTimeMs }]);
    },
  );

  it("are frozen by the claim: later ones are a counted duplicate (protocol 1.33)", async () => {
    await bench.engine({ claimAheadMs: 100 }).start();
    const key = await bench.schedule({ atMs: 5_000 }, { data: "old" });
    await bench.clock.advance(4_950);
    expect(bench.events.count("claimsAppended")).toBe(1);
    await bench.schedule(key, { data: "new" });
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ data: "old" }]);
    expect(bench.row(key)?.request?.dataJson).toBe('"old"');
    expect(bench.events.of("duplicatesDropped")).toMatchObject([{ reason: "claimed" }]);
  });

  it("are waited for while they are being written (protocol 1.33)", async () => {
    await bench.engine().start();
    const key = await bench.schedule({ atMs: 5_000 }, { data: "old" });
    await bench.clock.advance(4_000);
    const write = store.hold("persistTasks", "before");
    await bench.schedule(key, { data: "new" });
    await bench.clock.advance(3_000);
    expect(write.call).toBeDefined();
    expect(bench.starts).toEqual([]);
    write.release();
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ data: "new" }]);
  });
});

describe("a full memory", () => {
  const SMALL = { loadedTasksMax: 10, loadRowsMax: 4, laneTasksMax: 5 };

  /** A load of eight tasks of lane `a` has read what is due 20 s after the start, and not returned. */
  async function untilLoadOfEight(): Promise<Held> {
    await bench.engine(SMALL).start();
    for (let task = 0; task < 8; task++) {
      await bench.schedule({ atMs: 20_000 + task, uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(5_000);
    const load = store.hold("loadTasks", "after");
    await untilHeld(load);
    return load;
  }

  it("drops the largest keys and loads them again, each once and in order (protocol 1.28)", async () => {
    bench.onTask(() => sleep(20));
    await bench.engine(SMALL).start();
    for (let task = 0; task < 60; task++) {
      const atMs = 5_000 + ((task * 23) % 60);
      await bench.schedule({ atMs, orderingId: `o${task % 4}`, uniquenessKey: `u${task}` });
    }
    await bench.untilFinished(60);
    expect(bench.events.count("tasksEvicted")).toBeGreaterThan(0);
    expect(bench.starts).toHaveLength(60);
    for (let lane = 0; lane < 4; lane++) expectInOrder(`o${lane}`, 15);
  });

  it("that lowers the read position under a load lets nothing overtake (protocol 1.28)", async () => {
    const load = await untilLoadOfEight();
    for (let task = 0; task < 30; task++) {
      const orderingId = `p${task % 10}`;
      await bench.schedule({ atMs: 3_000 + task, orderingId, uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(500);
    load.release();
    await bench.untilFinished(38);
    expect(bench.starts).toHaveLength(38);
    expectInOrder("a", 8);
    for (let lane = 0; lane < 10; lane++) expectInOrder(`p${lane}`, 3);
  });

  it("is loaded while more is persisted meanwhile than it has room for", async () => {
    const load = await untilLoadOfEight();
    for (let task = 0; task < 12; task++) {
      await bench.schedule({ atMs: 6_000 + task, orderingId: `p${task}` });
    }
    await bench.clock.advance(500);
    expect(bench.events.count("tasksEvicted")).toBeGreaterThan(0);
    const next = store.hold("loadTasks", "before");
    load.release();
    await untilHeld(next);
    expect(bench.events.of("tasksLoaded")).toMatchObject([{ loaded: 4 }]);
    next.release();
    await bench.untilFinished(20);
    expect(bench.starts).toHaveLength(20);
    expectInOrder("a", 8);
  });

  it("reads whole pages for a lane that it has little room for", async () => {
    const STUCK = 30;
    bench.onTask((task) => (task.orderingId === "stuck" ? HANG() : undefined));
    await bench.engine({ loadedTasksMax: 2, laneTasksMax: 1 }).start();
    const options = { attemptTimeoutMs: 3_600_000 };
    const keys = Array.from({ length: STUCK }, (_, task) => ({
      orderingId: "stuck",
      uniquenessKey: `u${task}`,
      atMs: 1_001 + task,
    }));
    await bench.schedule({ atMs: 1_000, uniquenessKey: "first" });
    await bench.schedule({ atMs: 1_000, uniquenessKey: "second" });
    for (const key of keys) await bench.schedule(key, { options });
    await bench.schedule({ atMs: 2_000, uniquenessKey: "third" });
    await bench.untilFinished(3);
    expectInOrder("a", 3);
    expect(store.count(/^loadTasks$/)).toBeLessThan(STUCK / 3);
  });

  it("is not filled by lanes that are stuck (protocol 1.26, 1.27; S14)", async () => {
    bench.onTask((task) => (task.orderingId.startsWith("stuck") ? HANG() : undefined));
    await bench.engine({ loadedTasksMax: 20, laneTasksMax: 10, loadRowsMax: 10 }).start();
    for (let task = 0; task < 80; task++) {
      const id = { orderingId: `stuck${task % 8}`, uniquenessKey: `u${task}`, atMs: task };
      await bench.schedule(id, { options: { attemptTimeoutMs: 3_600_000 } });
    }
    await bench.clock.advance(5_000);
    for (let task = 0; task < 20; task++) {
      await bench.schedule({ atMs: 1_000 + task, orderingId: "free", uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(3_000);
    expectInOrder("free", 20);
    const free = bench.events.of("attemptStarted").filter(({ key }) => key.orderingId === "free");
    expect(Math.max(...free.map(({ latenessMs }) => latenessMs))).toBeLessThanOrEqual(20);
  });

  it("is not filled by the bytes of what cannot run soon", async () => {
    bench.onTask((task, { attempt }) => {
      if (task.orderingId.startsWith("big") && attempt === 1) throw new Error("outage");
    });
    await bench.engine({ loadedBytesMax: 20_000 }).start();
    const big = {
      data: "x".repeat(3_000),
      options: { backoff: { initialMs: 600_000, jitter: 0 } },
    };
    for (let lane = 0; lane < 10; lane++) await bench.schedule({ orderingId: `big${lane}` }, big);
    await bench.untilStarts(10);
    for (let task = 0; task < 20; task++) {
      await bench.schedule({ atMs: 30_000 + task, orderingId: "free", uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(35_000);
    expectInOrder("free", 20);
  });

  it("is not filled by what waits behind one without a handler, itself behind a retry under `skip`", async () => {
    bench.onTask(() => {
      throw new Error("outage");
    }, "fails");
    await bench.engine({ loadedTasksMax: 10 }).start();
    const skip = { onRetry: "skip", maxAttempts: 1_000 } as const;
    const backoff = { initialMs: 5_000, maxMs: 5_000, jitter: 0 };
    for (const orderingId of ["x", "y"]) {
      const first = { orderingId, uniquenessKey: "fails" };
      await bench.schedule(first, { type: "fails", options: { ...skip, backoff } });
      await bench.schedule({ orderingId, uniquenessKey: "gone", atMs: 1 }, { type: "gone" });
      for (let task = 0; task < 6; task++) {
        await bench.schedule({ orderingId, uniquenessKey: `u${task}`, atMs: 2 });
      }
    }
    for (let task = 0; task < 5; task++) {
      await bench.schedule({ orderingId: `free${task}`, atMs: 30_000 });
    }
    await bench.untilFinished(5, 31_000);
  });

  it("is not filled by retries without a handler under `skip`", async () => {
    bench.onTask(() => {
      throw new Error("outage");
    }, "gone");
    await bench.engine({ loadedTasksMax: 6 }).start();
    const options = { onRetry: "skip", backoff: { initialMs: 1_000, jitter: 0 } } as const;
    for (let lane = 0; lane < 6; lane++) {
      await bench.schedule({ orderingId: `gone${lane}` }, { type: "gone", options });
    }
    await bench.untilStarts(6);
    bench.handlers.delete("gone");
    await bench.clock.advance(20_000);
    for (let task = 0; task < 6; task++) {
      await bench.schedule({ orderingId: `free${task}`, atMs: 20_000 });
    }
    await bench.untilFinished(6, 60_000);
  });

  it("refills what comes before a head that sleeps outside it", async () => {
    bench.onTask(async (task) => {
      if (task.key.endsWith("/sleeps")) throw new Error("outage");
      await sleep(100);
    });
    await bench.engine({ loadedTasksMax: 2, laneTasksMax: 1 }).start();
    const options = { backoff: { initialMs: 3_600_000, maxMs: 3_600_000, jitter: 0 } };
    const { scheduledTimeMs } = await bench.schedule({ uniquenessKey: "sleeps" }, { options });
    await bench.schedule({ orderingId: "b", uniquenessKey: "sleeps" }, { options });
    await bench.untilStarts(2);
    // One too many: the heads that sleep leave memory.
    await bench.schedule({ orderingId: "c" });
    await bench.untilFinished(1);
    expect(bench.events.of("tasksEvicted")).not.toEqual([]);
    for (const before of [2, 1]) {
      const key = { scheduledTimeMs: scheduledTimeMs - before, uniquenessKey: `u${before}` };
      await bench.schedule(key);
    }
    await bench.untilFinished(3, 10_000);
    expect(bench.startedKeys().slice(-2)).toEqual(["a/u2", "a/u1"]);
  });

  it.each([1, 2, 3, 4, 8])(
    "refills lanes that run when %i that sleep fill it",
    async (loadedTasksMax) => {
      bench.onTask(async ({ orderingId }) => {
        await sleep(100);
        if (orderingId.startsWith("stuck")) throw new Error("outage");
      });
      await bench.engine({ loadedTasksMax, laneTasksMax: 2, concurrency: 4 }).start();
      const options = { backoff: { initialMs: 600_000, jitter: 0 } };
      for (let task = 0; task < 40; task++) {
        await bench.schedule(
          { orderingId: `stuck${task % 10}`, uniquenessKey: `u${task}` },
          { options },
        );
        await bench.schedule({
          orderingId: `free${task % 3}`,
          uniquenessKey: `u${task}`,
          atMs: task,
        });
      }
      await bench.clock.advance(60_000);
      for (let lane = 0; lane < 3; lane++) expectInOrder(`free${lane}`, lane === 0 ? 14 : 13);
    },
  );

  it("is not filled by retries that sleep under `block` (protocol 1.26)", async () => {
    bench.onTask((task, { attempt }) => {
      if (task.orderingId !== "free" && attempt === 1) throw new Error("outage");
    });
    const options = { backoff: { initialMs: 120_000, jitter: 0 } };
    await bench.engine({ loadedTasksMax: 10, loadRowsMax: 5 }).start();
    for (let lane = 0; lane < 30; lane++) {
      await bench.schedule({ orderingId: `o${lane}`, atMs: lane }, { options });
      await bench.schedule({ orderingId: `o${lane}`, atMs: 100, uniquenessKey: "next" });
    }
    await bench.untilStarts(30);
    for (let task = 0; task < 20; task++) {
      await bench.schedule({ atMs: 30_000 + task, orderingId: "free", uniquenessKey: `u${task}` });
    }
    await bench.clock.advance(35_000);
    expectInOrder("free", 20);
    await bench.untilFinished(80);
    for (let lane = 0; lane < 30; lane++)
      expect(startsOf(`o${lane}`)).toEqual(["u", "u", "next", "next"]);
    const retries = bench.starts.filter(({ attempt, key }) => attempt === 2 && key.endsWith("/u"));
    expect(retries).toHaveLength(30);
    for (const start of retries) expect(start.atMs).toBeGreaterThanOrEqual(dueAgainAt(start.key));
  });

  function startsOf(orderingId: string): string[] {
    return bench.starts
      .filter((start) => start.orderingId === orderingId)
      .map(({ key }) => parseTaskKey(key).uniquenessKey);
  }

  function dueAgainAt(key: string): number {
    return bench.starts.find((start) => start.key === key)!.atMs + 120_000;
  }
});

describe("a lane that overflows", () => {
  it("runs 500 tasks in order, and holds nobody else back (protocol 1.27; S14)", async () => {
    bench.onTask((task) => (task.orderingId === "big" ? sleep(20) : undefined));
    await bench.engine({ laneTasksMax: 50 }).start();
    for (let task = 0; task < 500; task++) {
      await bench.schedule({ atMs: 2_000 + task, orderingId: "big", uniquenessKey: `u${task}` });
    }
    for (let task = 0; task < 50; task++) {
      await bench.schedule({ atMs: 2_000 + task * 100, orderingId: `o${task}` });
    }
    await bench.untilFinished(550);
    expectInOrder("big", 500);
    expect(bench.events.of("laneOverflowed")).toMatchObject([{ orderingId: "big" }]);
    const others = bench.events.of("attemptStarted").filter(({ key }) => key.orderingId !== "big");
    expect(others).toHaveLength(50);
    for (const { latenessMs } of others) expect(latenessMs).toBeLessThanOrEqual(10);
  });

  it("takes a task that arrives while it is refilled in its place (protocol 1.27)", async () => {
    bench.onTask(() => sleep(100));
    await bench.engine({ laneTasksMax: 4 }).start();
    const startMs = bench.clock.nowMs();
    for (let task = 0; task < 12; task++) {
      await bench.schedule({ atMs: 2_000 + task * 10, uniquenessKey: `u${task}` });
    }
    const refill = store.hold("loadTasks", "after");
    await untilHeld(refill);
    await bench.schedule({ scheduledTimeMs: startMs + 2_105, uniquenessKey: "late" });
    await bench.schedule({ scheduledTimeMs: startMs + 2_115, uniquenessKey: "last" });
    await bench.clock.advance(50);
    refill.release();
    await bench.untilFinished(14);
    expectInOrder("a", 14);
  });

  it("runs an earlier task that finds no room while the only one in memory runs, and is retried", async () => {
    bench.onTask(async (task, { attempt }) => {
      await sleep(100);
      if (attempt === 1 && task.key.endsWith("/running")) throw new Error("no");
    });
    await bench.engine({ laneTasksMax: 1 }).start();
    const { scheduledTimeMs } = await bench.schedule({ uniquenessKey: "running" });
    await bench.untilStarts(1);
    await bench.schedule({ scheduledTimeMs: scheduledTimeMs - 1, uniquenessKey: "earlier" });
    await bench.untilFinished(2);
    expect(bench.startedKeys()).toEqual(["a/running", "a/earlier", "a/running"]);
  });

  it("runs all of it after a take-over (protocol 1.27)", async () => {
    const first = bench.engine({ laneTasksMax: 10 });
    await first.start();
    bench.onTask(() => sleep(50));
    for (let task = 0; task < 60; task++) {
      await bench.schedule({ atMs: 2_000 + task, uniquenessKey: `u${String(task)}` });
    }
    await bench.clock.advance(3_025);
    bench.kill(first);
    await bench.engine({ laneTasksMax: 10 }).start();
    await bench.untilFinished(60);
    const { attempts } = bench
      .rows()
      .reduce((sum, { status }) => ({ attempts: sum.attempts + status!.attempts }), {
        attempts: 0,
      });
    // Only what was in flight has started again.
    expect(attempts - 60).toBeLessThanOrEqual(1);
    expect(bench.starts.length - 60).toBeLessThanOrEqual(1);
  });
});
