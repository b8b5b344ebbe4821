import { join } from "node:path";
import { readCorpus, runCorpusEntry } from "../../src/sim/corpus.ts";
import { withoutRealTime } from "../../src/sim/forbidden.ts";
import { makePlan } from "../../src/sim/make-plan.ts";
import type { Plan } from "../../src/sim/plan.ts";
import { runPlan, type SimResult } from "../../src/sim/run-plan.ts";
import { runSeeds } from "../../src/sim/run-seeds.ts";
import { shrink } from "../../src/sim/shrink.ts";
import { NO_STORE_HARM } from "../../src/sim/store-traffic.ts";
import { World } from "../../src/sim/world.ts";

const CORPUS = join(__dirname, "corpus");

// Simulations are work, and machines are busy: what is slow here is no failure.
jest.setTimeout(120_000);

function run(plan: Plan): Promise<SimResult> {
  return withoutRealTime(() => runPlan(plan));
}

describe("a simulation", () => {
  it("does the same for the same seed, and something else for another one", async () => {
    const [first, again, other] = [
      await run(makePlan(7)),
      await run(makePlan(7)),
      await run(makePlan(8)),
    ];
    expect(again.traceHash).toBe(first.traceHash);
    expect(again.events).toBe(first.events);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it("fails when real time or chance leak in", async () => {
    const plan = makePlan(9, { tasks: 5 });
    await withoutRealTime(async () => {
      expect(() => Date.now()).toThrow("now in a simulation");
      expect(() => new Date()).toThrow("new Date() in a simulation");
      expect(() => Math.random()).toThrow("random in a simulation");
      expect(() => setTimeout(() => undefined, 1)).toThrow("setTimeout in a simulation");
      expect(new Date(0).toISOString()).toBe("1970-01-01T00:00:00.000Z");
      expect((await runPlan(plan)).violations).toEqual([]);
    });
    expect(Date.now()).toBeGreaterThan(0);
  });

  it("fails when something goes round and round and time stands still", async () => {
    const world = new World({ seed: 1 });
    const again = (): void => void world.after(0, again);
    again();
    await expect(world.run(1, () => false)).rejects.toThrow("time stands still");
  });

  it("keeps every promise, seed after seed, and reaches faults on the way", async () => {
    const report = await runSeeds({
      from: 1,
      step: 1,
      count: 8,
      size: { nodes: 3, tasks: 100 },
      isTimeOver: () => false,
      onResult: () => undefined,
    });
    expect(report).toMatchObject({ seeds: 8, broken: [] });
    expect(report.faults).toBeGreaterThan(100);
    expect(report.starts).toBeGreaterThan(500);
  });
});

describe("a plan that breaks something", () => {
  // A short one: four simulated hours pass until it counts as stuck.
  const healed = makePlan(12, { nodes: 1, tasks: 20 });
  /** The store goes away when all faults should be over: nothing ends any more. */
  const broken: Plan = {
    ...healed,
    faults: [...healed.faults, { kind: "storeDown", atMs: healed.healMs + 1, forMs: 1e12 }],
    appends: healed.appends.map((append) => ({
      ...append,
      key: { ...append.key, scheduledTimeMs: append.key.scheduledTimeMs + 3_600_000 },
    })),
  };

  it("is found, and is shrunk to what matters", async () => {
    const first = await run(broken);
    expect(first.violations[0]?.invariant).toBe("L1");
    expect(first.plan.storeHarm).not.toEqual(NO_STORE_HARM);
    let runs = 0;
    const small = await withoutRealTime(() => shrink(first, () => runs++ < 3));
    expect(small.violations[0]?.invariant).toBe("L1");
    expect(small.plan.storeHarm).toEqual(NO_STORE_HARM);
  });
});

describe("the corpus", () => {
  it.each(readCorpus(CORPUS))("$name breaks nothing any more", async ({ entry }) => {
    expect((await runCorpusEntry(entry)).violations).toEqual([]);
  });
});
