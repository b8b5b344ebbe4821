import { systemClock } from "@horae/client";
import { sleep } from "@horae/core";
import type { CassandraServers, KafkaServers } from "@horae/testkit/servers";
import { startCassandra, startKafka } from "@horae/testkit/servers";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { START_MS } from "../cluster/queue-bench.ts";
import { faultRow, type RowResult } from "./fault-row.ts";
import { FaultScene, useScene } from "./fault-scene.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";

const ROW_MS = 180_000;
const FROZEN_MS = 20_000;
/** After the store is back. */
const FIRST_START_MS = 5_000;

let kafka: KafkaServers;
let cassandra: CassandraServers;

beforeAll(async () => {
  const starting = [startKafka(), startCassandra({ commitLogSync: "batch" })] as const;
  [kafka, cassandra] = await Promise.all(starting);
}, START_MS);
afterAll(() => Promise.all([kafka?.stop(), cassandra?.stop()]), START_MS);
const current = useScene(() => FaultScene.open({ kafka, cassandra }));

/** Milliseconds from a moment to the first start after it on any of the nodes. */
function firstStartMs(nodes: readonly NodeProcess[], sinceMs: number): number {
  const starts = startsOf(nodes.flatMap((node) => node.attempts)).map(({ at }) => msOf(at));
  return Math.round(Math.min(...starts.filter((atMs) => atMs > sinceMs)) - sinceMs);
}

function failuresOf(nodes: readonly NodeProcess[], operation: string): number {
  const failed = nodes.flatMap((node) => node.events("portFailed"));
  return failed.filter((event) => event.operation === operation).length;
}

/** Cassandra is away, one way or another, and back: what is due meanwhile runs then. */
async function withoutStore(harm: () => Promise<void>): Promise<RowResult> {
  const nodes = await current.scene.begin("a", "b");
  let backAtMs = 0;
  await current.scene.during(async () => {
    const over = current.faults.fault("store away", null);
    await harm();
    backAtMs = monotonicMs();
    over();
  });
  const counts = await current.scene.finish();
  const failures = failuresOf(nodes, "renewLease");
  expect(failures).toBeGreaterThan(0);
  const firstMs = firstStartMs(nodes, backAtMs);
  expect(firstMs).toBeLessThanOrEqual(FIRST_START_MS);
  return {
    evidence: `${failures} renewals failed`,
    figures: { firstStartMs: firstMs, startedAgain: counts.allowedRepeats },
  };
}

faultRow({ id: 7, name: "broker kill -9 and restart", timeoutMs: ROW_MS }, async () => {
  const nodes = await current.scene.begin("a", "b");
  let killedAtMs = 0;
  let backAtMs = 0;
  await current.scene.during(async () => {
    killedAtMs = monotonicMs();
    const over = current.faults.fault("broker killed", null);
    await kafka.kill();
    await kafka.restart();
    backAtMs = monotonicMs();
    over();
  });
  await current.scene.finish();
  const meanwhile = startsOf(nodes.flatMap((node) => node.attempts)).filter(
    ({ at }) => msOf(at) > killedAtMs && msOf(at) < backAtMs,
  ).length;
  expect(meanwhile).toBeGreaterThan(0);
  return {
    evidence: `${meanwhile} attempts while there was no broker`,
    figures: { awayMs: Math.round(backAtMs - killedAtMs), startedMeanwhile: meanwhile },
  };
});

faultRow({ id: 8, name: "Cassandra kill -9 and restart", timeoutMs: ROW_MS }, () =>
  withoutStore(async () => {
    await cassandra.kill();
    await cassandra.restart();
  }),
);

faultRow({ id: 9, name: "Cassandra frozen 20 s", timeoutMs: ROW_MS }, () =>
  withoutStore(async () => {
    await cassandra.pause();
    await sleep(systemClock, FROZEN_MS);
    await cassandra.resume();
  }),
);

faultRow({ id: 10, name: "Kafka frozen 20 s", timeoutMs: ROW_MS }, async () => {
  const nodes = await current.scene.begin("a", "b");
  const lostBefore = lostGroups(nodes);
  await current.scene.during(async () => {
    const over = current.faults.fault("log frozen", null);
    await kafka.pause();
    await sleep(systemClock, FROZEN_MS);
    await kafka.resume();
    over();
  });
  await current.scene.finish();
  const lost = lostGroups(nodes) - lostBefore;
  expect(lost).toBeGreaterThan(0);
  return { evidence: `the group was lost ${lost} times`, figures: { lost } };
});

function lostGroups(nodes: readonly NodeProcess[]): number {
  const changes = nodes.flatMap((node) => node.events("groupChanged"));
  return changes.filter(({ state }) => state === "lost").length;
}
