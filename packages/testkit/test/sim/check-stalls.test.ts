import { checkStalls } from "../../src/sim/check-stalls.ts";
import { makePlan } from "../../src/sim/make-plan.ts";
import { EPOCH_MS } from "../../src/sim/sim-clock.ts";
import { SimCluster } from "../../src/sim/sim-cluster.ts";
import { World } from "../../src/sim/world.ts";
import { taskKey, taskRequest } from "../../src/index.ts";

const key = taskKey({ scheduledTimeMs: EPOCH_MS });

interface Happened {
  /** The partition's owner is given records. */
  readonly receivedMs: readonly number[];
  /** One of them is the task's. */
  readonly persistedMs: number;
  /** Another task of its ordering id starts. */
  readonly otherMs?: number;
}

/** A task is due and acked at once, and starts after 150 seconds. */
async function check({ receivedMs, persistedMs, otherMs }: Happened): Promise<readonly string[]> {
  const world = new World({ seed: 1 });
  const cluster = new SimCluster(world, { ...makePlan(1), partitions: 1, attempts: {} });
  const { recorder, watch } = cluster;
  const start = (of: typeof key): void => {
    const wallMs = EPOCH_MS + world.nowMs;
    const owner = { node: "n0", partition: 0, epoch: 1 };
    recorder.add({ line: "start", ...owner, key: of, attempt: 1, fence: world.nowMs, wallMs });
  };
  recorder.add({ line: "ask", call: 1, key, maxAttempts: 1 });
  recorder.add({ line: "answer", call: 1, answer: "acked" });
  for (const ms of receivedMs) world.after(ms, () => watch.receipts.onReceived(0));
  world.after(persistedMs, () => watch.receipts.onPersisted([{ key, request: taskRequest() }]));
  if (otherMs !== undefined)
    world.after(otherMs, () => start({ ...key, uniquenessKey: "another" }));
  world.after(150_000, () => start(key));
  await world.run(150_000, () => false);
  return checkStalls(cluster).map(({ message }) => message.replace(/^.*: /, ""));
}

describe("a task that waits for its first start", () => {
  it("waits in silence when nothing happens for more than a minute", async () => {
    expect(await check({ receivedMs: [10], persistedMs: 20 })).toEqual([
      "waited in silence from 10 to 150000",
    ]);
  });

  it("does not while its owner comes to the records before it", async () => {
    const receivedMs = [50_000, 100_000];
    expect(await check({ receivedMs, persistedMs: 100_010 })).toEqual([]);
  });

  it("waits all the same when the records come after its own", async () => {
    const receivedMs = [20_000, 60_000, 100_000];
    expect(await check({ receivedMs, persistedMs: 20_010 })).toEqual([
      "waited in silence from 20000 to 150000",
    ]);
  });

  it("does not behind another task of its ordering id", async () => {
    expect(await check({ receivedMs: [55_000], persistedMs: 55_010, otherMs: 100_000 })).toEqual(
      [],
    );
  });
});
