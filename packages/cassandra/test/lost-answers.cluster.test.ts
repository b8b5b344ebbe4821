import { type CassandraConnection, connectCassandra } from "@horae/cassandra";
import type { HoraeError } from "@horae/core";
import { sharedCassandra } from "@horae/testkit/servers";
import { newRandom, openKeyspace, realClock, START_MS, type TestKeyspace } from "./cluster.ts";
import { LossyProxy } from "./proxy.ts";
import { keyAt, leaseOf, requestAt, rowsAt } from "./samples.ts";

describe("answers that are lost", () => {
  let keyspace: TestKeyspace;
  let proxy: LossyProxy;
  let connection: CassandraConnection;

  beforeAll(async () => {
    const { contactPoints } = await sharedCassandra();
    keyspace = await openKeyspace();
    proxy = await LossyProxy.start(contactPoints[0]!);
    connection = await connectCassandra(
      {
        ...keyspace.settings,
        contactPoints: [proxy.address],
        requestTimeoutMs: 500,
        leaseTimeoutMs: 500,
      },
      { clock: realClock, random: newRandom() },
    );
  }, START_MS);

  afterEach(() => {
    proxy.losesAnswers = false;
  });

  afterAll(async () => {
    await connection?.close();
    proxy?.stop();
    await keyspace?.close();
  });

  it(
    "of a transaction: STORE_UNKNOWN, and a read shows that it was applied",
    async () => {
      const leases = connection.leaseStore("lost-swap");
      const first = leaseOf(1, 1, "one");
      await expect(
        leases.compareAndSet({ partition: 0, expected: null, lease: first }),
      ).resolves.toBe(true);
      const second = leaseOf(1, 2, "one");
      const swap = { partition: 0, expected: { epoch: 1, renewal: 1 }, lease: second };
      // Statements are prepared when the connection is made: what is lost is the answer to the swap itself.
      proxy.losesAnswers = true;
      await expect(leases.compareAndSet(swap)).rejects.toMatchObject({
        code: "STORE_UNKNOWN",
        certain: false,
      });
      proxy.losesAnswers = false;
      await expect(leases.read(0)).resolves.toEqual(second);
      // It was sent once: had the driver repeated it, nobody would know of the first one.
      await expect(leases.compareAndSet(swap)).resolves.toBe(false);
    },
    START_MS,
  );

  it(
    "of a write: STORE_UNKNOWN, and the same write may be repeated",
    async () => {
      const store = connection.taskStore("lost-write");
      const write = { partition: 0, bucket: 1, timestamp: 10, rows: rowsAt(0, 250) };
      proxy.losesAnswers = true;
      await expect(store.persistTasks(write)).rejects.toMatchObject({ code: "STORE_UNKNOWN" });
      expect(proxy.lostBytes).toBeGreaterThan(0);
      proxy.losesAnswers = false;
      await store.persistTasks(write);
      const rows = await store.loadTasks({
        partition: 0,
        bucket: 1,
        from: { scheduledTimeMs: 0, orderingId: "", uniquenessKey: "" },
        to: null,
        rowsMax: 1_000,
      });
      expect(rows.map(({ key }) => key)).toEqual(write.rows.map(({ key }) => key));
    },
    START_MS,
  );

  it(
    "of a read: STORE_UNAVAILABLE",
    async () => {
      const store = connection.taskStore("lost-read");
      proxy.losesAnswers = true;
      const read = store.findTasks({ partition: 0, bucket: 1, keys: [keyAt(1)] });
      await expect(read).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      const lease = connection.leaseStore("lost-read").read(0);
      await expect(lease).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    },
    START_MS,
  );

  it(
    "with their connections: work resumes by itself",
    async () => {
      const store = connection.taskStore("cut");
      const write = {
        partition: 0,
        bucket: 1,
        timestamp: 10,
        rows: [{ key: keyAt(1), request: requestAt(1) }],
      };
      await store.persistTasks(write);
      proxy.losesAnswers = true;
      const broken = store.persistTasks(write);
      const expected = expect(broken).rejects.toMatchObject({ code: "STORE_UNKNOWN" });
      await new Promise((resolve) => setTimeout(resolve, 50));
      proxy.cut();
      await expected;
      proxy.losesAnswers = false;
      const brokenMs = performance.now();
      const codes = new Set<string>();
      for (;;) {
        const error = await store.persistTasks(write).catch((thrown: unknown) => thrown);
        if (error === undefined) break;
        codes.add((error as HoraeError).code);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(performance.now() - brokenMs).toBeLessThan(5_000);
      // Nobody was asked while there was no connection.
      expect([...codes]).toContain("STORE_UNAVAILABLE");
    },
    START_MS,
  );
});
