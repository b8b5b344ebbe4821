import { sleep } from "@horae/core";
import { systemClock } from "@horae/client";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { faultRow } from "./fault-row.ts";
import { gapMs, LEASE_MS, PARTITIONS, SESSION_MS, SHAPE, useScene } from "./fault-scene.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";

const ROW_MS = 120_000;

const current = useScene();

faultRow({ id: 1, name: "node kill -9", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await current.scene.begin("a", "b", "c")) as [
    NodeProcess,
    ...NodeProcess[],
  ];
  let lost: number[] = [];
  let killedAtMs = 0;
  await current.scene.during(async () => {
    lost = current.faults.owned(a);
    killedAtMs = await current.faults.kill(a);
  });
  const counts = await current.scene.finish();
  const taken = others.flatMap((node) =>
    node.events("takeOverEnded").filter(({ at }) => msOf(at) > killedAtMs),
  );
  expect(new Set(taken.map(({ partition }) => partition))).toEqual(new Set(lost));
  const longestGapMs = gapMs(lost, others, killedAtMs);
  const adopted = others.flatMap((node) => node.events("leaseAdopted")).length;
  expect(adopted).toBe(lost.length);
  expect(longestGapMs).toBeLessThanOrEqual(LEASE_MS + 2_000);
  // What the log takes after the death waits for the group, too.
  const asked = current.scene.load.askedAfter(killedAtMs);
  const longestGapOfNewMs = gapMs(lost, others, killedAtMs, ({ key }) => asked.has(key));
  expect(longestGapOfNewMs).toBeLessThanOrEqual(SESSION_MS + 3_000);
  return {
    evidence: `${adopted} leases of a dead node adopted`,
    figures: { longestGapMs, longestGapOfNewMs, startedAgain: counts.allowedRepeats },
  };
});

faultRow({ id: 2, name: "node SIGTERM", timeoutMs: ROW_MS }, async () => {
  const [a, ...others] = (await current.scene.begin("a", "b", "c")) as [
    NodeProcess,
    ...NodeProcess[],
  ];
  let owned: number[] = [];
  let released: ReturnType<typeof a.events<"leaseReleased">> = [];
  await current.scene.during(async () => {
    owned = current.faults.owned(a);
    const before = a.events("leaseReleased").length;
    expect(await a.end("SIGTERM")).toBe(0);
    released = a.events("leaseReleased").slice(before);
    expect(new Set(released.map(({ partition }) => partition))).toEqual(new Set(owned));
  });
  const counts = await current.scene.finish();
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
    const [a, ...others] = (await current.scene.begin("a", "b", "c")) as [
      NodeProcess,
      ...NodeProcess[],
    ];
    let owned: number[] = [];
    let stoppedAtMs = 0;
    await current.scene.during(async () => {
      owned = current.faults.owned(a);
      stoppedAtMs = monotonicMs();
      const over = current.faults.fault("stop", [a]);
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
    const counts = await current.scene.finish();
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
  const [a] = (await current.scene.begin("a")) as [NodeProcess];
  let moved = 0;
  await current.scene.during(async () => {
    const more = ["b", "c"].map((name) => current.faults.startNode(name));
    await current.faults.untilOwned([a, ...more]);
    moved = a.events("leaseReleased").length;
    expect(await Promise.all(more.map((node) => node.end("SIGTERM")))).toEqual([0, 0]);
    await current.faults.untilOwned([a]);
  });
  const counts = await current.scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moved} partitions moved away and back`, figures: { moved } };
});

faultRow({ id: 5, name: "rolling restart of three", timeoutMs: ROW_MS }, async () => {
  let nodes = await current.scene.begin("a", "b", "c");
  let moves = 0;
  await current.scene.during(async () => {
    for (const name of ["d", "e", "f"]) {
      const [oldest, ...others] = nodes as [NodeProcess, ...NodeProcess[]];
      expect(await oldest.end("SIGTERM")).toBe(0);
      moves += oldest.events("leaseReleased").length;
      nodes = [...others, current.faults.startNode(name)];
      await current.faults.untilOwned(nodes);
    }
  });
  const counts = await current.scene.finish();
  expect(counts.allowedRepeats).toBe(0);
  return { evidence: `${moves} leases released by nodes that ended`, figures: { moves } };
});

faultRow(
  { id: 6, name: "all nodes killed, restart after a pause", timeoutMs: ROW_MS },
  async () => {
    const nodes = await current.scene.begin("a", "b", "c");
    let killedAtMs = 0;
    let later: NodeProcess[] = [];
    await current.scene.during(async () => {
      [killedAtMs] = (await Promise.all(nodes.map((node) => current.faults.kill(node)))) as [
        number,
      ];
      await sleep(systemClock, 2 * LEASE_MS);
      later = ["d", "e", "f"].map((name) => current.faults.startNode(name));
      await current.faults.untilOwned(later);
    });
    const counts = await current.scene.finish();
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
