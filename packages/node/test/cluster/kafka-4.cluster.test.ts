import type { KafkaServers } from "@horae/testkit/servers";
import { sharedCassandra, startKafka } from "@horae/testkit/servers";
import { endsOf, expectRunOnce } from "./history.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";

let kafka: KafkaServers;
let bench: QueueBench;
beforeAll(async () => {
  const [started, cassandra] = await Promise.all([
    startKafka({ version: "4.1.1" }),
    sharedCassandra(),
  ]);
  kafka = started;
  bench = await QueueBench.open({ servers: { kafka, cassandra } });
}, START_MS);
afterAll(async () => {
  await bench?.close();
  await kafka?.stop();
}, START_MS);

test("Kafka 4.1: a queue is made, a node runs what a client schedules, and leaves", async () => {
  await bench.horae("migrate");
  const node = bench.startNode("node");
  const client = await bench.client();
  const outcomes = await client.scheduleTasks(
    Array.from({ length: 100 }, (_, n) => ({
      type: "work",
      orderingId: `customer-${n % 10}`,
      scheduledTime: Date.now() + n,
      data: { failsFirst: n === 0 },
      options: { backoff: { initialMs: 20 } },
    })),
  );
  const keys = outcomes.map((outcome) => (outcome.ok ? outcome.key : ""));
  await node.until("all have ended", () => endsOf(node.attempts).length === 100);
  expectRunOnce(node.attempts, keys);
  expect(await node.end("SIGTERM")).toBe(0);
});
