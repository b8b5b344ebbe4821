import type { CassandraServers, KafkaServers } from "@horae/testkit/servers";
import { startCassandra, startKafka } from "@horae/testkit/servers";
import { endsOf, expectNoneEarly, expectRunOnce, startsOf } from "./history.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";

let kafka: KafkaServers;
let cassandra: CassandraServers;
let bench: QueueBench;

beforeAll(async () => {
  // Cassandra on one node forgets what it has acknowledged when it is killed, unless it syncs first.
  const starting = [startKafka(), startCassandra({ commitLogSync: "batch" })] as const;
  [kafka, cassandra] = await Promise.all(starting);
  bench = await QueueBench.open({ servers: { kafka, cassandra } });
  await bench.horae("migrate");
}, START_MS);
afterAll(async () => {
  await bench?.close();
  await Promise.all([kafka?.stop(), cassandra?.stop()]);
}, START_MS);

test(
  "a node waits for its servers, and work resumes by itself after each outage",
  async () => {
    await Promise.all([kafka.kill(), cassandra.kill()]);
    const node = bench.startNode("node");
    const failed = (operation: string) => () =>
      node.events("portFailed").filter((event) => event.operation === operation).length >= 2;
    await node.until("it misses Kafka", failed("checkTopics"));
    await node.until("it misses Cassandra", failed("connectStore"));
    await Promise.all([kafka.restart(), cassandra.restart()]);
    await node.ready();

    const keys: string[] = [];
    const client = await bench.client();
    const schedule = async (orderingId: string, inMs: number): Promise<string> => {
      const scheduledTime = Date.now() + inMs;
      const { key } = await client.scheduleTask({ type: "work", orderingId, scheduledTime });
      keys.push(key);
      return key;
    };
    const hasEnded = (key: string) => () => endsOf(node.attempts).some((one) => one.key === key);

    await node.until("its first task has ended", hasEnded(await schedule("a", 0)));

    // What is persisted runs on time without Kafka.
    const due = await Promise.all([0, 1, 2, 3].map((n) => schedule(`b-${n}`, 3_000 + n * 1_000)));
    for (const key of due) await bench.untilPersisted(key);
    await kafka.kill();
    for (const key of due) await node.until("a persisted task has ended", hasEnded(key));
    const lates = startsOf(node.attempts)
      .filter(({ key }) => due.includes(key))
      .map(({ key, time }) => time - Date.parse(key.split("/")[0]!));
    // Not a bound of speed: had it waited for Kafka, it would not have run yet.
    expect(lates).toHaveLength(4);
    const waiting = schedule("c", 0);
    await node.until("it misses the group", () =>
      node.events("groupChanged").some(({ state }) => state === "lost"),
    );
    await kafka.restart();
    await node.until("a task scheduled meanwhile has ended", hasEnded(await waiting));

    // Longer than a lease lives.
    const during = await schedule("d", 2_000);
    await bench.untilPersisted(during);
    await cassandra.kill();
    const away = node.events("portFailed").length;
    await node.until(
      "it misses its lease",
      () =>
        node
          .events("portFailed")
          .slice(away)
          .filter(({ operation }) => operation === "renewLease").length > 8,
    );
    expect(hasEnded(during)()).toBe(false);
    await cassandra.restart();
    await node.until("what was due during the outage has ended", hasEnded(during));
    await node.until("a new task has ended", hasEnded(await schedule("e", 0)));

    expectRunOnce(node.attempts, keys);
    expectNoneEarly(node.attempts);
    expect(await node.end("SIGTERM")).toBe(0);
  },
  START_MS,
);
