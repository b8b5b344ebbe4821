import { checkQuarantineTopic, checkTaskTopic, type TopicDescription } from "../src/topic-rules.ts";

const FIT = {
  "cleanup.policy": "delete",
  "unclean.leader.election.enable": "false",
  "min.insync.replicas": "2",
  "retention.ms": "604800000",
  "retention.bytes": "-1",
  "max.message.bytes": "1048588",
  "compression.type": "uncompressed",
  "message.timestamp.type": "LogAppendTime",
};

function describeTopic(
  settings: Partial<typeof FIT> = {},
  more: Partial<TopicDescription> = {},
): TopicDescription {
  return {
    topic: "t",
    partitions: 8,
    replicationFactor: 3,
    settings: new Map(Object.entries({ ...FIT, ...settings })),
    ...more,
  };
}

const DAY_MS = 86_400_000;
const check = (topic: TopicDescription) => checkTaskTopic(topic, { retentionMsMin: DAY_MS });

test("a topic that is fit is not spoken of", () => {
  expect(check(describeTopic())).toEqual({ refusals: [], warnings: [] });
  expect(check(describeTopic({ "retention.ms": "-1", "compression.type": "gzip" }))).toEqual({
    refusals: [],
    warnings: [],
  });
});

test.each([
  [{ "cleanup.policy": "compact" }, "cleanup.policy"],
  [{ "cleanup.policy": "compact,delete" }, "cleanup.policy"],
  [{ "unclean.leader.election.enable": "true" }, "unclean.leader.election.enable"],
  [{ "min.insync.replicas": "1" }, "min.insync.replicas"],
  [{ "compression.type": "lz4" }, "compression.type"],
])("%j is refused", (settings, named) => {
  const { refusals } = check(describeTopic(settings));
  expect(refusals).toEqual([expect.stringContaining(named)]);
});

test.each([
  [{ "retention.ms": String(DAY_MS - 1) }, "retention.ms"],
  [{ "retention.bytes": "1000000" }, "retention.bytes"],
  [{ "max.message.bytes": "100000" }, "max.message.bytes"],
  [{ "message.timestamp.type": "CreateTime" }, "message.timestamp.type"],
  [{ "compression.type": "producer" }, "compression.type"],
])("%j is warned of", (settings, named) => {
  expect(check(describeTopic(settings))).toEqual({
    refusals: [],
    warnings: [expect.stringContaining(named)],
  });
});

test("one replica is warned of, and needs no second one in sync", () => {
  const topic = describeTopic({ "min.insync.replicas": "1" }, { replicationFactor: 1 });
  expect(check(topic)).toEqual({
    refusals: [],
    warnings: [expect.stringContaining("one replica")],
  });
});

test("a cluster that does not tell its settings is believed", () => {
  const topic = describeTopic({}, { settings: new Map() });
  expect(check(topic).refusals).toEqual([]);
});

test("the quarantine topic takes what the task topic takes, and its labels", () => {
  const task = describeTopic();
  const low = checkQuarantineTopic(describeTopic({ "max.message.bytes": "1114123" }), task);
  expect(low.refusals).toEqual([expect.stringContaining("expected at least 1114124")]);
  const fit = checkQuarantineTopic(describeTopic({ "max.message.bytes": "1114124" }), task);
  expect(fit.refusals).toEqual([]);
});
