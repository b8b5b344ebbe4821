import { type CassandraConnection, connectCassandra } from "@horae/cassandra";
import { hasCode, type TaskKey } from "@horae/core";
import { type CassandraServers, startCassandra } from "@horae/testkit/servers";
import { newRandom, openKeyspace, realClock, START_MS, type TestKeyspace } from "./cluster.ts";
import { keyAt, leaseOf, requestAt, SUCCEEDED } from "./samples.ts";

const BUCKET = { partition: 0, bucket: 1 };
const ALL = {
  ...BUCKET,
  from: { scheduledTimeMs: 0, orderingId: "", uniquenessKey: "" },
  to: null,
};

describe("Cassandra that crashes or hangs", () => {
  let servers: CassandraServers;
  let keyspace: TestKeyspace;
  let connection: CassandraConnection;

  beforeAll(async () => {
    servers = await startCassandra({ commitLogSync: "batch" });
    keyspace = await openKeyspace(servers, { requestTimeoutMs: 2_000 });
    connection = keyspace.connection;
  }, START_MS);

  afterAll(async () => {
    await keyspace?.close();
    await servers?.stop();
  }, START_MS);

  it(
    "loses no acknowledged write by kill -9, and work resumes by itself",
    async () => {
      const store = connection.taskStore("crash");
      const leases = connection.leaseStore("crash");
      const acknowledged: TaskKey[] = [];
      const codes = new Set<string>();
      let isOver = false;
      let timestamp = 1;
      let next = 0;
      // Each repeats its write with its own timestamp until it is known, as the engine does.
      const writer = async (): Promise<void> => {
        while (!isOver) {
          const i = next++;
          const key = keyAt(i);
          const stamp = timestamp++;
          for (;;) {
            try {
              await store.persistTasks({
                ...BUCKET,
                timestamp: stamp,
                rows: [{ key, request: requestAt(i) }],
              });
              if (i % 2 === 0) {
                const rows = [{ key, status: SUCCEEDED }];
                await store.recordStatuses({ ...BUCKET, timestamp: timestamp++, rows });
              }
              acknowledged.push(key);
              break;
            } catch (error) {
              if (!hasCode(error, "STORE_UNAVAILABLE", "STORE_UNKNOWN")) throw error;
              codes.add((error as { code: string }).code);
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
          }
        }
      };
      const writers = Array.from({ length: 8 }, writer);
      await leases.compareAndSet({ partition: 0, expected: null, lease: leaseOf(1, 1, "one") });
      await waitFor(() => acknowledged.length > 200);
      const before = acknowledged.length;
      await servers.kill("SIGKILL");
      await servers.restart();
      const restartedMs = performance.now();
      await waitFor(() => acknowledged.length > before + 200);
      const resumedMs = performance.now() - restartedMs;
      isOver = true;
      await Promise.all(writers);

      expect([...codes]).toContain("STORE_UNAVAILABLE");
      const rows = await store.loadTasks({ ...ALL, rowsMax: 1_000_000 });
      const keys = new Set(rows.map(({ key }) => key.scheduledTimeMs));
      expect(acknowledged.filter((key) => !keys.has(key.scheduledTimeMs))).toEqual([]);
      for (const { key, request, status } of rows) {
        const i = request!.offset;
        expect(key).toEqual(keyAt(i));
        expect(status).toEqual(i % 2 === 0 ? SUCCEEDED : null);
      }
      await expect(leases.read(0)).resolves.toEqual(leaseOf(1, 1, "one"));
      // The driver looks again at least once a second.
      expect(resumedMs).toBeLessThan(10_000);
    },
    START_MS,
  );

  it(
    "says STORE_UNKNOWN for a transaction while it hangs, and what is true afterwards",
    async () => {
      const leases = connection.leaseStore("hang");
      await leases.compareAndSet({ partition: 0, expected: null, lease: leaseOf(1, 1, "one") });
      await servers.pause();
      const lease = leaseOf(1, 2, "one");
      const swap = { partition: 0, expected: { epoch: 1, renewal: 1 }, lease };
      const startMs = performance.now();
      await expect(leases.compareAndSet(swap)).rejects.toMatchObject({ code: "STORE_UNKNOWN" });
      expect(performance.now() - startMs).toBeLessThan(2_500);
      await servers.resume();
      const seen = await untilAnswered(() => leases.read(0));
      // It lay in the server's socket: applied before the read, after it, or never.
      expect([1, 2]).toContain(seen?.renewal);
      const isSwappedNow = await leases.compareAndSet(swap);
      if (seen!.renewal === 2) expect(isSwappedNow).toBe(false);
      // Refused or not, one of the two has swapped.
      await expect(leases.read(0)).resolves.toEqual(lease);
    },
    START_MS,
  );

  it(
    "is waited for by a node that starts first",
    async () => {
      await servers.kill();
      const refusals: { code: string; attempts: number; nextInMs: number }[] = [];
      const connecting = connectCassandra(keyspace.settings, {
        clock: realClock,
        random: newRandom(),
        onRefused: ({ error, attempts, nextInMs }) => {
          refusals.push({ code: error.code, attempts, nextInMs });
        },
      });
      await waitFor(() => refusals.length >= 3);
      await servers.restart();
      const late = await connecting;
      await late.close();
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["STORE_UNAVAILABLE"]));
      expect(refusals.map(({ attempts }) => attempts)).toEqual(refusals.map((_, i) => i + 1));
      expect(Math.max(...refusals.map(({ nextInMs }) => nextInMs))).toBeLessThanOrEqual(1_000);
    },
    START_MS,
  );

  it(
    "can be given up on",
    async () => {
      const abort = new AbortController();
      const connecting = connectCassandra(
        { ...keyspace.settings, contactPoints: ["127.0.0.1:1"] },
        {
          clock: realClock,
          random: newRandom(),
          signal: abort.signal,
          onRefused: () => abort.abort(),
        },
      );
      await expect(connecting).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    },
    START_MS,
  );

  it(
    "is refused at once when the data centre is not its own",
    async () => {
      const settings = { ...keyspace.settings, localDataCenter: "mars" };
      await expect(
        connectCassandra(settings, { clock: realClock, random: newRandom() }),
      ).rejects.toMatchObject({ code: "SETTINGS_INVALID", details: { name: "localDataCenter" } });
    },
    START_MS,
  );
});

async function waitFor(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!hasCode(error, "STORE_UNAVAILABLE")) throw error;
    }
  }
}
