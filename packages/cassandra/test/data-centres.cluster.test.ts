import { type CassandraConnection, connectCassandra, migrate } from "@horae/cassandra";
import { hasCode } from "@horae/core";
import { type CassandraServers, startCassandra } from "@horae/testkit/servers";
import { newKeyspace, newRandom, realClock, settingsFor, START_MS } from "./cluster.ts";
import { keyAt, leaseOf, requestAt } from "./samples.ts";

const TOOLS = { clock: realClock, random: newRandom() };
const ROWS = [{ key: keyAt(1), request: requestAt(1) }];
const AT = { partition: 0, bucket: 1 };

describe("three data centres", () => {
  let servers: CassandraServers;
  /** One per data centre: each talks to its own node only. */
  let connections: CassandraConnection[];

  beforeAll(async () => {
    servers = await startCassandra({ dataCenters: 3 });
    const keyspace = newKeyspace();
    const all = servers.contactPoints.map((contactPoint, i) => ({
      ...settingsFor({ contactPoints: [contactPoint], localDataCenter: `dc${i + 1}` }, keyspace),
      requestTimeoutMs: 3_000,
    }));
    const replication = { dc1: 1, dc2: 1, dc3: 1 };
    // Through three nodes at once: what two migrations create at the same time, they create once.
    const migrations = await Promise.all(
      all.map((settings) => migrate({ settings, replication, ...TOOLS, random: newRandom() })),
    );
    expect(migrations.filter(({ fromVersion }) => fromVersion === 0)).toHaveLength(1);
    connections = await Promise.all(all.map((settings) => connectCassandra(settings, TOOLS)));
  }, START_MS);

  afterAll(async () => {
    await Promise.all((connections ?? []).map((connection) => connection.close()));
    await servers?.stop();
  }, START_MS);

  it(
    "see each other's writes and leases at once",
    async () => {
      const [one, two, three] = connections;
      await one!.taskStore("q").persistTasks({ ...AT, timestamp: 10, rows: ROWS });
      const found = await two!.taskStore("q").findTasks({ ...AT, keys: [keyAt(1)] });
      expect(found).toMatchObject([{ key: keyAt(1) }]);
      const swap = { partition: 0, expected: null, lease: leaseOf(1, 1, "one") };
      await expect(one!.leaseStore("q").compareAndSet(swap)).resolves.toBe(true);
      await expect(three!.leaseStore("q").compareAndSet(swap)).resolves.toBe(false);
      await expect(two!.leaseStore("q").read(0)).resolves.toEqual(leaseOf(1, 1, "one"));
    },
    START_MS,
  );

  it(
    "go on without one of them, and with it again",
    async () => {
      await servers.nodes[2]!.kill();
      const [one] = connections;
      const write = { ...AT, timestamp: 20, rows: ROWS };
      await untilDone(() => one!.taskStore("q").persistTasks(write));
      await untilDone(async () => {
        const row = await one!.leaseStore("q").read(0);
        const { epoch, renewal } = row!;
        const lease = leaseOf(epoch, renewal + 1, "one");
        await one!
          .leaseStore("q")
          .compareAndSet({ partition: 0, expected: { epoch, renewal }, lease });
      });
      await servers.nodes[2]!.restart();
      const lease = await untilDone(() => connections[2]!.leaseStore("q").read(0));
      expect(lease!.renewal).toBeGreaterThan(1);
    },
    START_MS,
  );

  it(
    "say so when two of them are gone, and work resumes by itself",
    async () => {
      const [one] = connections;
      const store = one!.taskStore("q");
      const leases = one!.leaseStore("q");
      await Promise.all([servers.nodes[1]!.kill(), servers.nodes[2]!.kill()]);
      const write = { ...AT, timestamp: 30, rows: ROWS };
      await untilRefused(() => store.persistTasks(write));
      // The coordinator knows that there is no quorum: nothing was written.
      await expect(store.persistTasks(write)).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        certain: true,
      });
      await expect(leases.read(0)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      const swap = {
        partition: 0,
        expected: { epoch: 1, renewal: 1 },
        lease: leaseOf(1, 2, "one"),
      };
      await expect(leases.compareAndSet(swap)).rejects.toMatchObject({ code: "STORE_UNKNOWN" });
      await Promise.all([servers.nodes[1]!.restart(), servers.nodes[2]!.restart()]);
      await untilDone(() => store.persistTasks(write));
      await untilDone(() => leases.read(0));
    },
    START_MS,
  );

  it(
    "do not hang when one of them does",
    async () => {
      const [one] = connections;
      await servers.nodes[1]!.pause();
      const startMs = performance.now();
      for (let timestamp = 40; timestamp < 60; timestamp++) {
        await untilDone(() => one!.taskStore("q").persistTasks({ ...AT, timestamp, rows: ROWS }));
      }
      expect(performance.now() - startMs).toBeLessThan(10_000);
      await servers.nodes[1]!.resume();
      await untilDone(() => connections[1]!.leaseStore("q").read(0));
    },
    START_MS,
  );
});

async function untilDone<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function untilRefused(call: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await call();
    } catch (error) {
      if (hasCode(error, "STORE_UNAVAILABLE")) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
