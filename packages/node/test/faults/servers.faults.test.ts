import { systemClock } from "@horae/client";
import { sleep } from "@horae/core";
import type { CassandraServers, KafkaServers } from "@horae/testkit/servers";
import { startCassandra, startKafka } from "@horae/testkit/servers";
import { startsOf } from "../cluster/history.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { START_MS } from "../cluster/queue-bench.ts";
import { faultRow, type RowResult } from "./fault-row.ts";
import { FaultScene, PARTITIONS, useScene } from "./fault-scene.ts";
import { latenessOf, scheduleSteady, steadyStartsOf } from "./steady-tasks.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";

const ROW_MS = 180_000;
const FROZEN_MS = 20_000;
/** After the store is back. */
const FIRST_START_MS = 5_000;

/** Due before, while and after the log is away. */
const STEADY = { tasks: 1_500, aheadMs: 4_000, overMs: 30_000, workMaxMs: 5 };
/** How late what is persisted may be while the log is away, 99 of 100. */
const LATENESS_MS = 50;
/** After the log is back. */
const PERSISTED_MS = 15_000;

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

/** Kafka is away, one way or another, and back: what is persisted runs throughout. */
async function withoutLog(harm: () => Promise<void>) {
  const { scene, faults } = current;
  const nodes = await scene.begin("a", "b");
  await scheduleSteady(scene.load, STEADY);
  const lostBefore = lostGroups(nodes);
  let awayAtMs = 0;
  let backAtMs = 0;
  await scene.during(async () => {
    awayAtMs = monotonicMs();
    const over = faults.fault("log away", null);
    await harm();
    backAtMs = monotonicMs();
    await scene.untilAppended();
    over();
  });
  await scene.finish();
  const attempts = nodes.flatMap((node) => node.attempts);
  const meanwhile = steadyStartsOf(attempts).filter(
    ({ at }) => msOf(at) > awayAtMs && msOf(at) < backAtMs,
  );
  expect(meanwhile.length).toBeGreaterThan(0);
  const { p99Ms, maxMs } = latenessOf(meanwhile);
  const persistedMs = firstPersistedMs(nodes, backAtMs);
  expect(p99Ms).toBeLessThanOrEqual(LATENESS_MS);
  expect(persistedMs).toBeLessThanOrEqual(PERSISTED_MS);
  return {
    lost: lostGroups(nodes) - lostBefore,
    figures: {
      awayMs: Math.round(backAtMs - awayAtMs),
      startedMeanwhile: meanwhile.length,
      latenessP99Ms: p99Ms,
      latenessMaxMs: maxMs,
      firstPersistedMs: persistedMs,
    },
  };
}

/** From a moment to the first record that is persisted after it, milliseconds, in the last of the partitions. */
function firstPersistedMs(nodes: readonly NodeProcess[], sinceMs: number): number {
  const first = new Map<number, number>();
  for (const { partition, at } of nodes.flatMap((node) => node.events("tasksPersisted"))) {
    const atMs = msOf(at);
    if (atMs > sinceMs) first.set(partition, Math.min(atMs, first.get(partition) ?? Infinity));
  }
  expect(first.size).toBe(PARTITIONS);
  return Math.round(Math.max(...first.values()) - sinceMs);
}

function lostGroups(nodes: readonly NodeProcess[]): number {
  const changes = nodes.flatMap((node) => node.events("groupChanged"));
  return changes.filter(({ state }) => state === "lost").length;
}

faultRow({ id: 7, name: "broker kill -9 and restart", timeoutMs: ROW_MS }, async () => {
  const { figures } = await withoutLog(async () => {
    await kafka.kill();
    await kafka.restart();
  });
  return { evidence: `${figures.startedMeanwhile} attempts while there was no broker`, figures };
});

faultRow({ id: 10, name: "Kafka frozen 20 s", timeoutMs: ROW_MS }, async () => {
  const { lost, figures } = await withoutLog(async () => {
    await kafka.pause();
    await sleep(systemClock, FROZEN_MS);
    await kafka.resume();
  });
  expect(lost).toBeGreaterThan(0);
  return { evidence: `the group was lost ${lost} times`, figures: { ...figures, lost } };
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
