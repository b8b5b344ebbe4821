import { systemClock } from "@horae/client";
import { sleep } from "@horae/core";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { START_MS } from "../cluster/queue-bench.ts";
import { FaultNetwork } from "./fault-network.ts";
import { faultRow } from "./fault-row.ts";
import { FaultScene, gapMs, LEASE_MS, SESSION_MS } from "./fault-scene.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

const ROW_MS = 180_000;
/** Users of the nodes; they need not exist. */
const FIRST_UID = 20_001;

let scene: FaultScene;
let network: FaultNetwork;
beforeEach(async () => {
  [scene, network] = await Promise.all([FaultScene.open(), FaultNetwork.open()]);
}, START_MS);
afterEach(async () => {
  await scene.close();
  await network.close();
});

interface Reached {
  readonly node: NodeProcess;
  readonly store: TcpProxy;
  readonly log: TcpProxy;
}

/** Nodes each of which has its own ways to log and store. */
async function begin(...names: string[]): Promise<Reached[]> {
  const { kafka, cassandra } = scene.faults.bench.servers;
  const reached: Reached[] = [];
  for (const [index, name] of names.entries()) {
    const uid = FIRST_UID + index;
    const store = await network.between(uid, cassandra.contactPoints[0]!);
    const log = await network.between(uid, kafka.brokers[0]!);
    reached.push({ node: scene.faults.startNode(name, { uid }), store, log });
  }
  await scene.untilAtWork(reached.map(({ node }) => node));
  return reached;
}

function failures(node: NodeProcess, code: string): number {
  return node.events("portFailed").filter((event) => event.code === code).length;
}

faultRow({ id: 11, name: "store answers lost", timeoutMs: ROW_MS }, async () => {
  const [{ node, store }] = (await begin("a", "b")) as [Reached, Reached];
  await scene.during(async () => {
    const over = scene.faults.fault("answers lost", [node]);
    for (let round = 0; round < 6; round++) {
      store.mode = "answers-lost";
      await sleep(systemClock, LEASE_MS / 4);
      store.mode = "pass";
      await sleep(systemClock, LEASE_MS / 4);
    }
    over();
  });
  const counts = await scene.finish();
  expect(store.droppedBytes).toBeGreaterThan(0);
  const unknown = failures(node, "STORE_UNKNOWN");
  expect(unknown).toBeGreaterThan(0);
  return {
    evidence: `${unknown} writes without an answer, ${store.droppedBytes} bytes of answers dropped`,
    figures: { unknown, startedAgain: counts.allowedRepeats },
  };
});

faultRow({ id: 12, name: "store slowed by 300 ms", timeoutMs: ROW_MS }, async () => {
  const reached = await begin("a", "b");
  const nodes = reached.map(({ node }) => node);
  let slowedAtMs = 0;
  let over: () => void = () => undefined;
  await scene.during(async () => {
    slowedAtMs = monotonicMs();
    over = scene.faults.fault("store slowed", nodes);
    for (const { store } of reached) store.delayMs = 150;
    await sleep(systemClock, 10_000);
    for (const { store } of reached) store.delayMs = 0;
    over();
  });
  await scene.finish();
  expect(nodes.flatMap((node) => node.events("leaseLost"))).toEqual([]);
  const meanwhile = startsOf(nodes.flatMap((node) => node.attempts)).filter(
    ({ at }) => msOf(at) > slowedAtMs + 1_000 && msOf(at) < slowedAtMs + 10_000,
  ).length;
  expect(meanwhile).toBeGreaterThan(0);
  return {
    evidence: `no lease lost, ${meanwhile} attempts meanwhile`,
    figures: { startedMeanwhile: meanwhile },
  };
});

faultRow({ id: 13, name: "node cut from the store only", timeoutMs: ROW_MS }, async () => {
  const [a, b] = (await begin("a", "b")) as [Reached, Reached];
  let owned: number[] = [];
  let cutAtMs = 0;
  await scene.during(async () => {
    owned = scene.faults.owned(a.node);
    cutAtMs = monotonicMs();
    const over = scene.faults.fault("cut from the store", [a.node]);
    a.store.mode = "silent";
    const since = (node: NodeProcess) =>
      node.events("takeOverEnded").filter(({ at }) => msOf(at) > cutAtMs);
    await b.node.until("all that it had is adopted", () => since(b.node).length >= owned.length);
    await a.node.until("it has left the group", () =>
      a.node.events("groupChanged").some(({ state, at }) => state === "lost" && msOf(at) > cutAtMs),
    );
    a.store.mode = "pass";
    await a.node.until("it has come back", () => since(a.node).length > 0);
    over();
  });
  const counts = await scene.finish();
  const adopted = b.node.events("leaseAdopted").length;
  expect(adopted).toBeGreaterThan(0);
  const longestGapMs = gapMs(owned, [b.node], cutAtMs);
  expect(longestGapMs).toBeLessThanOrEqual(LEASE_MS + 2_000);
  return {
    evidence: `${adopted} leases adopted, the node left the group and came back`,
    figures: { longestGapMs, startedAgain: counts.allowedRepeats, zombies: counts.zombies },
  };
});

faultRow({ id: 14, name: "node cut from Kafka only", timeoutMs: ROW_MS }, async () => {
  const [a, b] = (await begin("a", "b")) as [Reached, Reached];
  let owned: number[] = [];
  let cutAtMs = 0;
  await scene.during(async () => {
    owned = scene.faults.owned(a.node);
    const before = a.node.events("leaseReleased").length;
    cutAtMs = monotonicMs();
    const over = scene.faults.fault("cut from the log", [a.node]);
    a.log.mode = "silent";
    await a.node.until("the other one has asked for all that it had", () => {
      const released = a.node.events("leaseReleased").slice(before);
      return released.length >= owned.length;
    });
    a.log.mode = "pass";
    over();
  });
  await scene.finish();
  expect(a.node.events("leaseLost")).toEqual([]);
  const kept = startsOf(a.node.attempts).filter(
    ({ at }) => msOf(at) > cutAtMs && msOf(at) < cutAtMs + SESSION_MS,
  ).length;
  expect(kept).toBeGreaterThan(0);
  const taken = b.node.events("takeOverEnded").filter(({ at }) => msOf(at) > cutAtMs);
  return {
    evidence: `${kept} attempts while it was cut off, ${taken.length} partitions handed over`,
    figures: { startedMeanwhile: kept, handedOver: taken.length },
  };
});
