import { checkTopics, ensureTopics, quarantineTopicOf } from "@horae/kafka";
import { openTopic, START_MS, type TestTopic } from "./cluster.ts";

let topic: TestTopic;

beforeEach(async () => {
  topic = await openTopic();
}, START_MS);

afterEach(() => topic.close());

async function alter(name: string, entries: Record<string, string>): Promise<void> {
  const admin = topic.kafka.admin();
  await admin.connect();
  const configEntries = Object.entries(entries).map(([key, value]) => ({ name: key, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: 2, name, configEntries }],
  });
  await admin.disconnect();
}

test("topics that were created here are fit, and creating them again changes nothing", async () => {
  expect(await ensureTopics(topic.settings)).toEqual({ created: [], changed: [] });
  const warnings = await checkTopics(topic.settings);
  expect(warnings).toEqual([
    expect.stringContaining("one replica"),
    expect.stringContaining("one replica"),
  ]);
});

test("two that create the topics at once both succeed", async () => {
  const settings = { ...topic.settings, topic: `${topic.settings.topic}.twice` };
  const ensured = await Promise.all([ensureTopics(settings), ensureTopics(settings)]);
  const created = ensured.flatMap((result) => result.created);
  expect(created.toSorted()).toEqual([settings.topic, quarantineTopicOf(settings.topic)]);
});

test("another number of partitions is refused", async () => {
  await expect(checkTopics({ ...topic.settings, partitions: 5 })).rejects.toMatchObject({
    code: "QUEUE_SETTINGS_MISMATCH",
  });
});

test("a topic that is not there may be waited for, and is said to be missing", async () => {
  const settings = { ...topic.settings, topic: "nowhere" };
  await expect(checkTopics(settings)).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    retryable: true,
    message: expect.stringContaining("horae migrate"),
  });
});

test("settings that lose records are refused, risky ones are warned of", async () => {
  const { topic: name } = topic.settings;
  await alter(name, {
    "cleanup.policy": "compact",
    "unclean.leader.election.enable": "true",
    "compression.type": "zstd",
  });
  await expect(checkTopics(topic.settings)).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    details: {
      refusals: [
        expect.stringContaining("cleanup.policy is compact"),
        expect.stringContaining("unclean.leader.election.enable"),
        expect.stringContaining("compression.type is zstd"),
      ],
    },
  });
  await alter(name, { "retention.ms": "3600000", "retention.bytes": "1000000" });
  const warnings = await checkTopics({ ...topic.settings, retentionMsMin: 86_400_000 });
  expect(warnings).toEqual(
    expect.arrayContaining([
      expect.stringContaining("retention.ms is 3600000"),
      expect.stringContaining("retention.bytes"),
      expect.stringContaining("LogAppendTime"),
      expect.stringContaining("compression.type is producer"),
    ]),
  );
});

test("a size limit that has grown is refused until the quarantine topic has followed", async () => {
  const { topic: name } = topic.settings;
  await alter(name, { "max.message.bytes": "3000000", "compression.type": "uncompressed" });
  await expect(checkTopics(topic.settings)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  const quarantine = quarantineTopicOf(name);
  expect(await ensureTopics(topic.settings)).toEqual({ created: [], changed: [quarantine] });
  const warnings = await checkTopics(topic.settings);
  // The other settings of the quarantine topic are what they were.
  expect(warnings.filter((warning) => warning.startsWith(quarantine))).toEqual([
    expect.stringContaining("one replica"),
  ]);
});
