import { sleep } from "@horae/core";
import { systemClock } from "@horae/client";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { START_MS } from "../cluster/queue-bench.ts";
import type { FaultBench } from "./fault-bench.ts";
import { faultRow } from "./fault-row.ts";
import { FaultScene, gapMs, LEASE_MS, PARTITIONS, SHAPE } from "./fault-scene.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";

const ROW_MS = 120_000;

let scene: FaultScene;
let faults: FaultBench;
beforeEach(async () => {
  scene = await FaultScene.open();
  ({ faults } = scene);
}, START_MS);
afterEach(() => scene.close());

faultRow({ id: 1, name: "node kill -9", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await scene.begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
  let lost: number[] = [];
  let killedAtMs = 0;
  await scene.during(async () => {
    lost = faults.owned(a);
    killedAtMs = await faults.kill(a);
  });
  const counts = await scene.finish();
  const taken = others.flatMap((node) =>
    node.events("takeOverEnded").filter(({ at }) => msOf(at) > killedAtMs),
  );
  expect(new Set(taken.map(({ partition }) => partition))).toEqual(new Set(lost));
  const longestGapMs = gapMs(lost, others, killedAtMs);
  const adopted = others.flatMap((node) => node.events("leaseAdopted")).length;
  expect(adopted).toBe(lost.length);
  expect(longestGapMs).toBeLessThanOrEqual(LEASE_MS + 2_000);
  return {
    evidence: `${adopted} leases of a dead node adopted`,
    figures: { longestGapMs, startedAgain: counts.allowedRepeats },
  };
});

faultRow({ id: 2, name: "node SIGTERM", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await scene.begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
  let owned: number[] = [];
  let released: ReturnType<typeof a.events<"leaseReleased">> = [];
  await scene.during(async () => {
    owned = faults.owned(a);
    const before = a.events("leaseReleased").length;
    expect(await a.end("SIGTERM")).toBe(0);
    released = a.events("leaseReleased").slice(before);
    expect(new Set(released.map(({ partition }) => partition))).toEqual(new Set(owned));
  });
  const counts = await scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  const gaps = released.map(({ partition, at }) => gapMs([partition], others, msOf(at)));
  return {
    evidence: `${owned.length} partitions released and taken over`,
    figures: { longestGapMs: Math.max(...gaps) },
  };
});

faultRow(
  { id: 3, name: "node SIGSTOP for two periods, then SIGCONT", timeoutMs: ROW_MS },
  async () => {
    const [a, ...others] = (await scene.begin("a", "b", "c")) as [NodeProcess, ...NodeProcess[]];
    let owned: number[] = [];
    let stoppedAtMs = 0;
    await scene.during(async () => {
      owned = faults.owned(a);
      stoppedAtMs = monotonicMs();
      const over = faults.fault("stop", [a]);
      a.signal("SIGSTOP");
      const isTaken = (partition: number): boolean =>
        others.some((node) =>
          node
            .events("takeOverEnded")
            .some((event) => event.partition === partition && msOf(event.at) > stoppedAtMs),
        );
      // Not before two periods are over, and not before the others have all that it had.
      await sleep(systemClock, 2 * LEASE_MS);
      await others[0]!.until("the others have taken over", () => owned.every(isTaken));
      a.signal("SIGCONT");
      await a.until("it has noticed", () => a.events("leaseLost").length >= owned.length);
      over();
    });
    const counts = await scene.finish();
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
  const [a] = (await scene.begin("a")) as [NodeProcess];
  let moved = 0;
  await scene.during(async () => {
    const more = ["b", "c"].map((name) => faults.startNode(name));
    await faults.untilOwned([a, ...more]);
    moved = a.events("leaseReleased").length;
    expect(await Promise.all(more.map((node) => node.end("SIGTERM")))).toEqual([0, 0]);
    await faults.untilOwned([a]);
  });
  const counts = await scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moved} partitions moved away and back`, figures: { moved } };
});

faultRow({ id: 5, name: "rolling restart of three", timeoutMs: ROW_MS }, async () => {
  let nodes = await scene.begin("a", "b", "c");
  let moves = 0;
  await scene.during(async () => {
    for (const name of ["d", "e", "f"]) {
      const [oldest, ...others] = nodes as [NodeProcess, ...NodeProcess[]];
      expect(await oldest.end("SIGTERM")).toBe(0);
      moves += oldest.events("leaseReleased").length;
      nodes = [...others, faults.startNode(name)];
      await faults.untilOwned(nodes);
    }
  });
  const counts = await scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moves} leases released by nodes that ended`, figures: { moves } };
});

faultRow(
  { id: 6, name: "all nodes killed, restart after a pause", timeoutMs: ROW_MS },
  async () => {
    const nodes = await scene.begin("a", "b", "c");
    let killedAtMs = 0;
    let later: NodeProcess[] = [];
    await scene.during(async () => {
      [killedAtMs] = (await Promise.all(nodes.map((node) => faults.kill(node)))) as [number];
      await sleep(systemClock, 2 * LEASE_MS);
      later = ["d", "e", "f"].map((name) => faults.startNode(name));
      await faults.untilOwned(later);
    });
    const counts = await scene.finish();
    const late = startsOf(later.flatMap((node) => node.attempts)).length;
    expect(late).toBeGreaterThan(SHAPE.tasks / 4);
    return {
      evidence: `${late} attempts by the nodes that came later`,
      figures: {
        longestGapMs: gapMs([...Array(PARTITIONS).keys()], later, killedAtMs),
        startedAgain: counts.allowedRepeats,
      },
    };
  },
);
