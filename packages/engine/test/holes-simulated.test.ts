import type { GroupView } from "@horae/core";
import type { Engine } from "../src/index.ts";
import { EngineBench } from "./engine-bench.ts";
import { Faults } from "./faults.ts";

// Holes that the simulator found in the engine, each with the order of events that shows it.

let bench: EngineBench;
let store: Faults;
let log: Faults;

beforeEach(() => {
  bench = new EngineBench();
  store = new Faults(bench.store);
  log = new Faults(bench.log);
});

afterEach(async () => {
  for (const faults of [store, log]) faults.releaseAll();
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

describe("a lease is renewed", () => {
  /** Runs a task, so that the checkpoint moves, and then another one, half a minute later. */
  async function runTwo(): Promise<void> {
    await bench.schedule({ uniquenessKey: "first" });
    await bench.untilFinished(1);
    await bench.clock.advance(30_000);
    await bench.schedule({ uniquenessKey: "second" });
    await bench.untilFinished(2);
    expect(bench.events.count("leaseSuspended")).toBe(0);
    expect(bench.starts.map(({ epoch }) => epoch)).toEqual([1, 1]);
  }

  it("while the journal cannot be trimmed: the trim waits for the lease, not the lease for it", async () => {
    await bench.engine().start();
    const trim = store.hold("trimClaims", "before");
    await runTwo();
    expect(trim.call).toBeDefined();
  });

  it("while the log does not hear how far it is applied", async () => {
    await bench.engine().start();
    const mark = log.hold("markApplied", "before");
    await runTwo();
    expect(mark.call).toBeDefined();
  });
});

describe("a node that has lost the group", () => {
  let views: ((view: GroupView) => void)[];

  beforeEach(() => {
    views = [];
    jest.spyOn(bench.log, "join").mockImplementation(async (onView) => {
      views.push(onView);
      return { leave: async () => undefined };
    });
  });

  it("keeps running, until the node that the group gives the partition to asks for it", async () => {
    await bench.engine({}, "cut").start();
    views[0]!({ state: "settled", partitions: [0], watched: [] });
    await bench.clock.advance(500);
    views[0]!({ state: "lost", partitions: [0], watched: [] });
    await bench.schedule({ uniquenessKey: "first", atMs: 20_000 });
    await bench.untilStarts(1);

    await bench.engine({}, "heir").start();
    views[1]!({ state: "settled", partitions: [0], watched: [] });
    await bench.clock.advance(3_000);
    await bench.schedule({ uniquenessKey: "second" });
    await bench.untilStarts(2);
    await bench.clock.advance(60_000);
    await bench.schedule({ uniquenessKey: "third" });
    await bench.untilFinished(3);
    expect(bench.starts).toMatchObject([
      { node: "cut", epoch: 1 },
      { node: "heir", epoch: 2 },
      { node: "heir", epoch: 2 },
    ]);
  });

  it("does not ask for what it waits for: its heir would take that for a sign of life", async () => {
    const dead = bench.engine({}, "dead");
    await dead.start();
    views[0]!({ state: "settled", partitions: [0], watched: [] });
    await bench.clock.advance(500);
    await bench.engine({}, "cut").start();
    await bench.engine({}, "heir").start();
    bench.kill(dead);
    views[1]!({ state: "settled", partitions: [0], watched: [] });
    await bench.clock.advance(100);
    views[1]!({ state: "lost", partitions: [0], watched: [] });
    views[2]!({ state: "settled", partitions: [0], watched: [] });
    await bench.schedule({});
    await bench.untilFinished(1, 10_000);
    await bench.clock.advance(10_000);
    expect((await bench.leases.read(0))?.owner).toMatch(/^heir#/);
  });
});

describe("a take-over that cannot go on", () => {
  it("ends when the node stops: the log may be away for longer than a drain", async () => {
    log.refuse("bounds", "LOG_UNAVAILABLE");
    const engine = bench.engine({}, "cut");
    await engine.start();
    await bench.clock.advance(2_000);
    expect((await bench.leases.read(0))?.owner).toMatch(/^cut#/);
    await stopsWithin(engine, 5_000);
    expect((await bench.leases.read(0))?.owner).toBeNull();
  });

  it("ends with its lease, and the next epoch begins", async () => {
    bench.onTask(() => new Promise(() => undefined));
    const dead = bench.engine({}, "dead");
    await dead.start();
    const key = await bench.schedule({});
    await bench.untilStarts(1);
    bench.kill(dead);

    bench.onTask(() => undefined);
    store.refuse("recordStatuses", "STORE_UNAVAILABLE");
    await bench.engine({}, "heir").start();
    await bench.clock.advance(10_000);
    const row = (await bench.leases.read(0))!;
    expect(row).toMatchObject({ epoch: 2, owner: expect.stringMatching(/^heir#/) });
    const { epoch, renewal } = row;
    const robbed = { ...row, epoch: 3, renewal: renewal + 1, owner: "robber" };
    await bench.leases.compareAndSet({ partition: 0, expected: { epoch, renewal }, lease: robbed });
    await bench.clock.advance(5_000);
    store.releaseAll();
    await bench.untilFinished(1);
    expect(bench.row(key)?.status).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(bench.starts.at(-1)).toMatchObject({ node: "heir", epoch: 4, attempt: 2 });
  });

  async function stopsWithin(engine: Engine, limitMs: number): Promise<void> {
    let isStopped = false;
    const stopping = engine.stop().then(() => {
      isStopped = true;
    });
    await bench.clock.advanceUntil(() => isStopped, limitMs);
    await stopping;
  }
});
