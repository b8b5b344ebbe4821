import { sleep } from "@horae/core";
import { systemClock } from "@horae/client";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { QueueBench, START_MS } from "../cluster/queue-bench.ts";
import { FaultBench } from "./fault-bench.ts";
import { faultRow } from "./fault-row.ts";
import { Load } from "./load.ts";
import { monotonicMs } from "./monotonic.ts";

const PARTITIONS = 6;
const LEASE_MS = 3_000;
const SESSION_MS = 6_000;
/** Members hear of a rebalance with their next heartbeat, the last one of them this much later. */
const HEARTBEAT_MS = 3_000;
const ROW_MS = 120_000;

/** 2,000 tasks and more, 120 ordering ids, some slow, some that fail first. */
const SHAPE = { tasks: 2_200, ids: 120, overMs: 16_000, aheadMaxMs: 4_000, maxAttempts: 5 };

/** When the fault comes: with tasks persisted ahead, running, and on their way. */
const FAULT_AFTER_MS = 5_000;

let faults: FaultBench;
let load: Load;

beforeEach(async () => {
  const bench = await QueueBench.open({ partitions: PARTITIONS, bucketMs: 5_000 });
  await bench.horae("migrate");
  faults = new FaultBench(bench);
  load = new Load(await bench.client(), SHAPE);
}, START_MS);
afterEach(() => faults.bench.close());

async function begin(...names: string[]): Promise<NodeProcess[]> {
  const nodes = names.map((name) => faults.startNode(name));
  await Promise.all(nodes.map((node) => node.ready()));
  await faults.untilOwned(nodes);
  return nodes;
}

/** Lets the load run; `harm` comes in the middle of it. Answers when all that was acked has ended. */
async function during(harm: () => Promise<void>): Promise<void> {
  const running = load.run();
  await sleep(systemClock, FAULT_AFTER_MS);
  await harm();
  await running;
}

/** Ends the nodes that still run, and checks what all of them did. */
async function finish(): Promise<ReturnType<FaultBench["expectKept"]>["counts"]> {
  const rows = await faults.drained(load);
  const alive = faults.nodes.filter((node) => !node.isOver);
  expect(await Promise.all(alive.map((node) => node.end("SIGTERM")))).toEqual(alive.map(() => 0));
  const { counts } = faults.expectKept(load, rows);
  expect(counts.acked).toBe(SHAPE.tasks);
  return counts;
}

/** From a moment to the first start in each of the partitions by other nodes, milliseconds, the longest. */
function gapMs(partitions: readonly number[], by: readonly NodeProcess[], sinceMs: number): number {
  const starts = by.flatMap((node) => startsOf(node.attempts));
  const gaps = partitions.map((partition) => {
    const first = starts
      .filter((start) => start.partition === partition && start.at / 1e6 > sinceMs)
      .map(({ at }) => at / 1e6)
      .reduce((a, b) => Math.min(a, b), Infinity);
    return first - sinceMs;
  });
  return Math.round(Math.max(...gaps));
}

faultRow({ id: 1, name: "node kill -9", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
  let lost: number[] = [];
  let killedAtMs = 0;
  await during(async () => {
    lost = faults.owned(a);
    killedAtMs = await faults.kill(a);
  });
  const counts = await finish();
  const taken = others.flatMap((node) =>
    node.events("takeOverEnded").filter(({ at }) => at / 1e6 > killedAtMs),
  );
  expect(new Set(taken.map(({ partition }) => partition))).toEqual(new Set(lost));
  const longestGapMs = gapMs(lost, others, killedAtMs);
  // Nobody adopts a lease before the group has named its next owner.
  expect(longestGapMs).toBeLessThanOrEqual(SESSION_MS + HEARTBEAT_MS + LEASE_MS + 3_000);
  return {
    evidence: `${lost.length} partitions taken over from a dead node`,
    figures: { longestGapMs, startedAgain: counts.allowedRepeats },
  };
});

faultRow({ id: 2, name: "node SIGTERM", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
  let owned: number[] = [];
  let released: ReturnType<typeof a.events<"leaseReleased">> = [];
  await during(async () => {
    owned = faults.owned(a);
    const before = a.events("leaseReleased").length;
    expect(await a.end("SIGTERM")).toBe(0);
    released = a.events("leaseReleased").slice(before);
    expect(new Set(released.map(({ partition }) => partition))).toEqual(new Set(owned));
  });
  const counts = await finish();
  expect(counts.allowedRepeats).toBe(0);
  const gaps = released.map(({ partition, at }) => gapMs([partition], others, at / 1e6));
  return {
    evidence: `${owned.length} partitions released and taken over`,
    figures: { longestGapMs: Math.max(...gaps) },
  };
});

faultRow(
  { id: 3, name: "node SIGSTOP for two periods, then SIGCONT", timeoutMs: ROW_MS },
  async () => {
    const [a, ...others] = (await begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
    let owned: number[] = [];
    let stoppedAtMs = 0;
    await during(async () => {
      owned = faults.owned(a);
      stoppedAtMs = monotonicMs();
      const over = faults.fault("stop", [a]);
      a.signal("SIGSTOP");
      const isTaken = (partition: number): boolean =>
        others.some((node) =>
          node
            .events("takeOverEnded")
            .some((event) => event.partition === partition && event.at / 1e6 > stoppedAtMs),
        );
      // Not before two periods are over, and not before the others have all that it had.
      await sleep(systemClock, 2 * LEASE_MS);
      await others[0]!.until("the others have taken over", () => owned.every(isTaken));
      a.signal("SIGCONT");
      await a.until("it has noticed", () => a.events("leaseLost").length >= owned.length);
      over();
    });
    const counts = await finish();
    return {
      evidence: `a zombie lost ${owned.length} leases that others had taken`,
      figures: {
        longestGapMs: gapMs(owned, others, stoppedAtMs),
        startedAgain: counts.allowedRepeats,
        zombies: counts.zombies,
      },
    };
  },
);

faultRow({ id: 4, name: "scale 1-3-1", timeoutMs: ROW_MS }, async () => {
  const [a] = (await begin("a")) as [NodeProcess];
  let moved = 0;
  await during(async () => {
    const more = ["b", "c"].map((name) => faults.startNode(name));
    await faults.untilOwned([a, ...more]);
    moved = a.events("leaseReleased").length;
    expect(await Promise.all(more.map((node) => node.end("SIGTERM")))).toEqual([0, 0]);
    await faults.untilOwned([a]);
  });
  const counts = await finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moved} partitions moved away and back`, figures: { moved } };
});

faultRow({ id: 5, name: "rolling restart of three", timeoutMs: ROW_MS }, async () => {
  let nodes = await begin("a", "b", "c");
  let moves = 0;
  await during(async () => {
    for (const name of ["d", "e", "f"]) {
      const [oldest, ...others] = nodes as [NodeProcess, ...NodeProcess[]];
      expect(await oldest.end("SIGTERM")).toBe(0);
      moves += oldest.events("leaseReleased").length;
      nodes = [...others, faults.startNode(name)];
      await faults.untilOwned(nodes);
    }
  });
  const counts = await finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moves} leases released by nodes that ended`, figures: { moves } };
});

faultRow(
  { id: 6, name: "all nodes killed, restart after a pause", timeoutMs: ROW_MS },
  async () => {
    const nodes = await begin("a", "b", "c");
    let killedAtMs = 0;
    let later: NodeProcess[] = [];
    await during(async () => {
      [killedAtMs] = (await Promise.all(nodes.map((node) => faults.kill(node)))) as [number];
      await sleep(systemClock, 2 * LEASE_MS);
      later = ["d", "e", "f"].map((name) => faults.startNode(name));
      await faults.untilOwned(later);
    });
    const counts = await finish();
    const late = startsOf(later.flatMap((node) => node.attempts)).length;
    expect(late).toBeGreaterThan(SHAPE.tasks / 4);
    return {
      evidence: `${late} attempts by the nodes that came later`,
      figures: {
        longestGapMs: gapMs([0, 1, 2, 3, 4, 5], later, killedAtMs),
        startedAgain: counts.allowedRepeats,
      },
    };
  },
);
