import { type KafkaQuarantine, openKafkaQuarantine } from "@horae/kafka";
import { testQuarantineContract } from "@horae/testkit";
import { openTopic, realClock, START_MS, type TestTopic } from "./cluster.ts";

let topic: TestTopic;
let quarantine: KafkaQuarantine;

testQuarantineContract({
  name: "KafkaQuarantine",
  timeoutMs: START_MS,
  setup: async () => {
    topic = await openTopic();
    const { settings } = topic;
    quarantine = openKafkaQuarantine({ settings, clock: realClock });
    return { log: topic.openLog(), partitions: settings.partitions, quarantine };
  },
  teardown: async () => {
    await quarantine.close();
    await topic.close();
  },
});
