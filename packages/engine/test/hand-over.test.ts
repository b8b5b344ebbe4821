import { parseTaskKey } from "@horae/core";
import type { Engine } from "../src/index.ts";
import { EngineBench } from "./engine-bench.ts";

/** So long the group needs to tell its members of a change. */
const GROUP_MS = 500;
const PARTITIONS = 4;
/** A wait for a lease reads its row as often. */
const WAIT_MS = 50;

let bench: EngineBench;

beforeEach(() => {
  bench = new EngineBench({ partitions: PARTITIONS });
  const join = bench.log.join.bind(bench.log);
  bench.log.join = (onView) =>
    join((view) => void bench.clock.setTimer(GROUP_MS, () => onView(view)));
});

afterEach(async () => {
  await bench.stop();
  expect(bench.events.of("unexpectedError")).toEqual([]);
});

async function startTwo(): Promise<[Engine, Engine]> {
  const engines: [Engine, Engine] = [bench.engine(), bench.engine()];
  await Promise.all(engines.map((engine) => engine.start()));
  const isSettled = () => engines.every(({ state }) => state.workingPartitions.length === 2);
  await bench.clock.advanceUntil(isSettled);
  return engines;
}

/** Resolves with how long it took, milliseconds. */
async function stop(engines: readonly Engine[]): Promise<number> {
  const beganAtMs = bench.clock.nowMs();
  await bench.stop(engines);
  return bench.clock.nowMs() - beganAtMs;
}

function owners(): Promise<(string | undefined)[]> {
  return Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => bench.ownerOf(partition)),
  );
}

describe("a node that stops", () => {
  it("goes on until the next owners ask for its partitions: no task waits for the group", async () => {
    const [leaving] = await startTwo();
    const tasks = 400;
    for (let n = 0; n < tasks; n++) {
      await bench.schedule({ orderingId: `o${n}`, atMs: 1_000 + 10 * n });
    }
    await bench.clock.advance(2_000);
    const leftAtMs = bench.clock.nowMs();
    expect(await stop([leaving])).toBeGreaterThan(GROUP_MS);
    await bench.untilFinished(tasks);
    expect(await owners()).toEqual(Array(PARTITIONS).fill("n1"));
    const lateMs = bench.starts.map(({ key, atMs }) => atMs - parseTaskKey(key).scheduledTimeMs);
    expect(Math.max(...lateMs)).toBeLessThanOrEqual(WAIT_MS);
    const startsOfLeaving = bench.starts.filter(({ node }) => node === "n0");
    expect(startsOfLeaving.at(-1)!.atMs).toBeGreaterThan(leftAtMs + GROUP_MS);
    expect(bench.starts).toHaveLength(tasks);
  });

  it("lets go of them after two thirds of a period when nobody asks", async () => {
    const engines = await startTwo();
    expect(await stop(engines)).toBe(2_000);
    expect(await owners()).toEqual(Array(PARTITIONS).fill(undefined));
  });

  it("does not wait when it is alone", async () => {
    const [first, second] = await startTwo();
    await stop([second]);
    await bench.clock.advanceUntil(() => first.state.workingPartitions.length === PARTITIONS);
    expect(await stop([first])).toBe(0);
    expect(await owners()).toEqual(Array(PARTITIONS).fill(undefined));
  });
});
