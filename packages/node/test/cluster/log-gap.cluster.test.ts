import { partitionOf } from "@horae/core";
import { endsOf, keysOf, startsOf } from "./history.ts";
import { QueueBench, START_MS } from "./queue-bench.ts";

const PARTITIONS = 2;
/** Partition 0 loses records, partition 1 does not. */
const [LOSES, KEEPS] = [0, 1].map((partition) => idOf(partition)) as [string, string];

let bench: QueueBench;
beforeEach(async () => {
  bench = await QueueBench.open({ partitions: PARTITIONS });
  await bench.horae("migrate");
}, START_MS);
afterEach(() => bench.close());

function idOf(partition: number): string {
  const ids = Array.from({ length: 100 }, (_, n) => `id-${n}`);
  return ids.find((id) => partitionOf(id, PARTITIONS) === partition)!;
}

async function schedule(orderingId: string, uniquenessKey: string): Promise<string> {
  const client = await bench.client();
  const task = { type: "work", orderingId, uniquenessKey, scheduledTime: Date.now() };
  return (await client.scheduleTask(task)).key;
}

/** A node runs a task of each partition, and is stopped. */
async function runFirst(): Promise<void> {
  const node = bench.startNode("first");
  await schedule(LOSES, "first");
  await schedule(KEEPS, "first");
  await node.until("both have ended", () => endsOf(node.attempts).length === 2);
  expect(await node.end("SIGTERM")).toBe(0);
}

async function admin<T>(
  work: (admin: ReturnType<QueueBench["kafka"]["admin"]>) => Promise<T>,
): Promise<T> {
  const client = bench.kafka.admin();
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.disconnect();
  }
}

test("a partition whose next records are gone stops, says which, and goes on when it is told to", async () => {
  await runFirst();
  await schedule(LOSES, "gone-1");
  await schedule(LOSES, "gone-2");
  const left = await schedule(LOSES, "left");
  const { topic } = bench;
  await admin(async (client) => {
    // kafkajs needs the leader of the partition, and looks for it only here.
    await client.fetchTopicOffsets(topic);
    await client.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
  });
  const other = await schedule(KEEPS, "second");

  const node = bench.startNode("second");
  const [stopped] = await node.until("a partition has stopped", () => {
    const events = node.events("partitionStopped");
    return events.length > 0 && events;
  });
  expect(stopped).toMatchObject({ partition: 0, code: "LOG_GAP" });
  expect(stopped!.message).toMatch(/applied offset 0, the log holds 3 to 3/);
  await node.until("the other partition runs", () => endsOf(node.attempts).length === 1);
  expect(keysOf(endsOf(node.attempts))).toEqual([other]);
  expect(await node.end("SIGTERM")).toBe(0);

  const kafka = { ...bench.config.kafka!, onLogGap: "continue-from-earliest" } as const;
  const third = bench.startNode("third", { config: { kafka } });
  await third.until("what is left has ended", () => endsOf(third.attempts).length === 1);
  expect(keysOf(startsOf(third.attempts))).toEqual([left]);
  expect(await third.end("SIGTERM")).toBe(0);
});

test("a topic that was made anew is not taken for the old one", async () => {
  await runFirst();
  const { topic } = bench;
  await admin((client) => client.deleteTopics({ topics: [topic] }));
  await bench.horae("migrate");
  await schedule(LOSES, "in the new topic");
  const node = bench.startNode("second");
  await node.until(
    "both partitions have stopped",
    () => node.events("partitionStopped").length >= 2,
  );
  expect(new Set(node.events("partitionStopped").map(({ code }) => code))).toEqual(
    new Set(["LOG_GAP"]),
  );
  expect(node.attempts).toEqual([]);
  expect(await node.end("SIGTERM")).toBe(0);
});
