import type { LogRecord, QuarantineEntry } from "@horae/core";
import { type KafkaQuarantine, openKafkaQuarantine } from "@horae/kafka";
import { type LogUnderTest, testLogContract } from "@horae/testkit";
import { openTopic, realClock, START_MS, type TestTopic } from "./cluster.ts";

let topic: TestTopic;
let quarantine: KafkaQuarantine;

testLogContract({
  name: "KafkaLog",
  timeoutMs: START_MS,
  setup: async () => {
    topic = await openTopic();
    quarantine = openKafkaQuarantine({ settings: topic.settings, clock: realClock });
    return {
      log: topic.openLog(),
      otherLog: topic.openLog(),
      // The topic's limit: more than that with what a batch has around a record.
      recordBytesMax: 1_048_588,
      quarantined,
      dropBelow,
      appendRaw,
    } satisfies LogUnderTest;
  },
  teardown: async () => {
    await quarantine.close();
    await topic.close();
  },
});

async function quarantined(partition: number): Promise<QuarantineEntry[]> {
  const entries: QuarantineEntry[] = [];
  for await (const { reason, message, ...record } of quarantine.list()) {
    if (record.partition === partition) entries.push({ record, reason, message });
  }
  return entries;
}

async function dropBelow({ partition, offset }: { partition: number; offset: number }) {
  const { topic: name } = topic.settings;
  const admin = topic.kafka.admin();
  await admin.connect();
  // kafkajs needs to have seen the topic.
  await admin.fetchTopicOffsets(name);
  await admin.deleteTopicRecords({
    topic: name,
    partitions: [{ partition, offset: String(offset) }],
  });
  await admin.disconnect();
}

async function appendRaw(record: Pick<LogRecord, "partition" | "key" | "value">): Promise<number> {
  const producer = topic.kafka.producer();
  await producer.connect();
  const [sent] = await producer.send({
    topic: topic.settings.topic,
    messages: [record as { partition: number; key: Buffer; value: Buffer }],
  });
  await producer.disconnect();
  return Number(sent!.baseOffset);
}
