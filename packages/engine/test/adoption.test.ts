import type { GroupView } from "@horae/core";
import { DEFAULT_ENGINE_SETTINGS } from "../src/settings.ts";
import { EngineBench } from "./engine-bench.ts";
import { Faults } from "./faults.ts";

const PERIOD_MS = DEFAULT_ENGINE_SETTINGS.leasePeriodMs;

let bench: EngineBench;
let leases: Faults;
/** What the group says, by node. */
let views: Map<string, (view: GroupView) => void>;
let left: string[];

beforeEach(() => {
  bench = new EngineBench();
  leases = new Faults(bench.leases);
  views = new Map();
  left = [];
});

afterEach(async () => {
  leases.releaseAll();
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

/** A node that has joined; what the group says comes from the test. */
async function join(name: string): Promise<ReturnType<EngineBench["engine"]>> {
  jest.spyOn(bench.log, "join").mockImplementation(async (onView) => {
    views.set(name, onView);
    return { leave: async () => void left.push(name) };
  });
  const engine = bench.engine({}, name);
  await engine.start();
  return engine;
}

function settle(name: string, view: { partitions?: number[]; watched?: number[] }): void {
  views.get(name)!({ partitions: [], watched: [], state: "settled", ...view });
}

describe("a watched lease", () => {
  it("is adopted when its holder is silent: what is persisted runs, nothing is received", async () => {
    const dead = await join("dead");
    settle("dead", { partitions: [0] });
    await bench.schedule({ uniquenessKey: "persisted", atMs: 20_000 });
    await bench.clock.advance(1_000);
    await join("watcher");
    settle("watcher", { watched: [0] });
    await bench.clock.advance(2_000);
    bench.kill(dead);
    const killedAtMs = bench.clock.monotonicMs();
    await bench.schedule({ uniquenessKey: "not received" });
    await bench.clock.advanceUntil(() => bench.events.count("leaseAdopted") === 1);
    expect(bench.clock.monotonicMs() - killedAtMs).toBeLessThanOrEqual(PERIOD_MS + 2_000);
    await bench.untilStarts(1);
    await bench.clock.advance(60_000);
    expect(bench.starts).toMatchObject([{ key: expect.stringContaining("persisted"), epoch: 2 }]);
    expect(await bench.ownerOf(0)).toBe("watcher");
  });

  it("is left alone while its holder renews it", async () => {
    await join("holder");
    settle("holder", { partitions: [0] });
    await join("watcher");
    settle("watcher", { watched: [0] });
    await bench.clock.advance(10 * PERIOD_MS);
    expect(bench.events.count("leaseAdopted")).toBe(0);
    expect(await bench.ownerOf(0)).toBe("holder");
  });

  it("is given to the next owner when the group has named it", async () => {
    const dead = await join("dead");
    settle("dead", { partitions: [0] });
    await bench.clock.advance(1_000);
    await join("watcher");
    settle("watcher", { watched: [0] });
    bench.kill(dead);
    await bench.clock.advanceUntil(() => bench.events.count("leaseAdopted") === 1);
    // For as long as the group takes: it has to notice the death itself.
    await bench.clock.advance(10 * PERIOD_MS);
    expect(await bench.ownerOf(0)).toBe("watcher");
    await join("next");
    settle("next", { partitions: [0] });
    await bench.schedule({});
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ node: "next", epoch: 3 }]);
    expect(bench.events.count("leaseLost")).toBe(0);
  });

  it("becomes the adopter's own when the group gives the partition to it: it receives from then on", async () => {
    const dead = await join("dead");
    settle("dead", { partitions: [0] });
    await bench.clock.advance(1_000);
    await join("watcher");
    settle("watcher", { watched: [0] });
    bench.kill(dead);
    await bench.clock.advanceUntil(() => bench.events.count("leaseAdopted") === 1);
    await bench.schedule({});
    await bench.clock.advance(PERIOD_MS);
    expect(bench.starts).toEqual([]);
    settle("watcher", { partitions: [0] });
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ node: "watcher", epoch: 2 }]);
  });

  it("is adopted by a node that has lost the group too: nobody else may be there", async () => {
    const dead = await join("dead");
    settle("dead", { partitions: [0] });
    await bench.schedule({ atMs: 20_000 });
    await bench.clock.advance(1_000);
    await join("watcher");
    settle("watcher", { watched: [0] });
    views.get("watcher")!({ partitions: [], watched: [0], state: "lost" });
    bench.kill(dead);
    await bench.untilFinished(1);
    expect(bench.starts).toMatchObject([{ node: "watcher", epoch: 2 }]);
  });
});

describe("a node whose lease store is silent", () => {
  it("leaves the group after two periods, and comes back when it answers", async () => {
    await join("cut");
    settle("cut", { partitions: [0] });
    await bench.clock.advance(1_000);
    for (const operation of ["read", "compareAndSet"]) {
      leases.refuse(operation, "STORE_UNAVAILABLE");
    }
    await bench.clock.advance(2 * PERIOD_MS);
    expect(left).toEqual([]);
    await bench.clock.advance(PERIOD_MS);
    expect(left).toEqual(["cut"]);
    views.clear();
    await bench.clock.advance(10 * PERIOD_MS);
    expect(views.size).toBe(0);
    leases.releaseAll();
    await bench.clock.advance(PERIOD_MS);
    expect(views.size).toBe(1);
    settle("cut", { partitions: [0] });
    await bench.schedule({});
    await bench.untilFinished(1);
  });
});
