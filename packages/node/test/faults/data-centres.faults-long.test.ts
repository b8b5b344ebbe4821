import { systemClock } from "@horae/client";
import { sleep } from "@horae/core";
import type { CassandraServers, KafkaServers } from "@horae/testkit/servers";
import { startCassandra, startKafka } from "@horae/testkit/servers";
import { startsOf } from "../cluster/history.ts";
import { monotonicMs, msOf } from "../cluster/monotonic.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { faultRow } from "./fault-row.ts";
import { FaultScene, gapMs, useScene } from "./fault-scene.ts";

/** Six servers on one machine. */
const START_MS = 400_000;
const ROW_MS = 300_000;
const DATA_CENTRES = 3;
const AWAY_MS = 10_000;
const APPENDS_RESUME_MS = 12_000;

let kafka: KafkaServers;
let cassandra: CassandraServers;

beforeAll(async () => {
  kafka = await startKafka({ brokers: DATA_CENTRES });
  cassandra = await startCassandra({ dataCenters: DATA_CENTRES, commitLogSync: "batch" });
}, START_MS);
afterAll(() => Promise.all([kafka?.stop(), cassandra?.stop()]), START_MS);
const current = useScene(() => {
  const brokers = [...kafka.brokers];
  const settings = { brokers, replicationFactor: DATA_CENTRES, sessionTimeoutMs: 6_000 };
  return FaultScene.open({ kafka, cassandra }, { kafka: settings });
}, START_MS);

/** A node in a data centre asks the Cassandra that is there. */
function startIn(dataCentre: number, name: string): NodeProcess {
  const { cassandra: settings } = current.faults.bench.config;
  const contactPoints = [cassandra.contactPoints[dataCentre]!];
  const localDataCenter = cassandra.dataCenters[dataCentre]!;
  const config = { cassandra: { ...settings!, contactPoints, localDataCenter } };
  return current.faults.startNode(name, { config });
}

faultRow(
  { id: 7, name: "broker kill -9 and restart, of three each in turn", timeoutMs: ROW_MS },
  async () => {
    const nodes = [startIn(0, "a"), startIn(1, "b")];
    await current.scene.untilAtWork(nodes);
    const pausesMs: number[] = [];
    await current.scene.during(async () => {
      for (const broker of kafka.nodes) {
        const over = current.faults.fault("broker lost", null);
        await broker.kill();
        const lostAtMs = monotonicMs();
        await current.scene.untilAppended();
        pausesMs.push(Math.round(monotonicMs() - lostAtMs));
        await broker.restart();
        await current.faults.untilOwned(nodes);
        over();
      }
    });
    await current.scene.finish();
    const longestPauseMs = Math.max(...pausesMs);
    expect(longestPauseMs).toBeLessThanOrEqual(APPENDS_RESUME_MS);
    return {
      evidence: `${pausesMs.length} of ${kafka.nodes.length} brokers lost, one after the other`,
      figures: { longestPauseMs },
    };
  },
);

faultRow(
  { id: 20, name: "three data centres, one lost whole, later back", timeoutMs: ROW_MS },
  async () => {
    const [lost, ...others] = [2, 0, 1].map((at) => startIn(at, `dc${at + 1}`)) as [
      NodeProcess,
      ...NodeProcess[],
    ];
    await current.scene.untilAtWork([lost, ...others]);
    let owned: number[] = [];
    let lostAtMs = 0;
    let backAtMs = 0;
    let returned = lost;
    await current.scene.during(async () => {
      owned = current.faults.owned(lost);
      lostAtMs = monotonicMs();
      const over = current.faults.fault("data centre lost", null);
      await Promise.all([
        current.faults.kill(lost),
        kafka.nodes[2]!.kill(),
        cassandra.nodes[2]!.kill(),
      ]);
      await sleep(systemClock, AWAY_MS);
      await Promise.all([kafka.nodes[2]!.restart(), cassandra.nodes[2]!.restart()]);
      backAtMs = monotonicMs();
      returned = startIn(2, "dc3-again");
      await current.faults.untilOwned([...others, returned]);
      over();
    });
    const counts = await current.scene.finish();
    const meanwhile = startsOf(others.flatMap((node) => node.attempts)).filter(
      ({ at }) => msOf(at) > lostAtMs && msOf(at) < backAtMs,
    ).length;
    expect(meanwhile).toBeGreaterThan(0);
    expect(owned.length).toBeGreaterThan(0);
    return {
      evidence: `${owned.length} partitions of a lost data centre taken over, and given back to it`,
      figures: {
        longestGapMs: gapMs(owned, others, lostAtMs),
        awayMs: Math.round(backAtMs - lostAtMs),
        startedMeanwhile: meanwhile,
        startedAgain: counts.allowedRepeats,
      },
    };
  },
);
