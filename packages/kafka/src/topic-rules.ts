/** What a topic is, as far as we care: its partitions, copies and settings. */
export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  /** Of the partition with the fewest copies. */
  readonly replicationFactor: number;
  /** Settings by name, defaults included. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Broken rules: what is refused, and what is only said. */
export interface TopicFindings {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

/** The quarantine topic takes records of the task topic with their labels. */
export const QUARANTINE_EXTRA_BYTES = 64 * 1024;

/** Data of 256 KiB, headers of 4 KiB, two ids and what else a task has. */
export const MESSAGE_BYTES_MIN = 300 * 1024;

/** Codecs that kafkajs has not got: one such batch would stop its partition. */
const UNREADABLE_CODECS = ["snappy", "lz4", "zstd"];

/** Checks the topic of a queue. `retentionMsMin`: the longest outage that it must survive. */
export function checkTaskTopic(
  topic: TopicDescription,
  { retentionMsMin }: { retentionMsMin: number },
): TopicFindings {
  const { refusals, warnings } = checkDurability(topic);
  const name = topic.topic;
  const retentionMs = numberOf(topic, "retention.ms");
  if (retentionMs >= 0 && retentionMs < retentionMsMin) {
    warnings.push(
      `${name}: retention.ms is ${retentionMs}: an outage of the store that lasts longer loses ` +
        `tasks (expected at least ${retentionMsMin})`,
    );
  }
  if (numberOf(topic, "retention.bytes") >= 0) {
    warnings.push(`${name}: retention.bytes is set: a burst of tasks may push out unread ones`);
  }
  const bytesMax = numberOf(topic, "max.message.bytes");
  if (bytesMax < MESSAGE_BYTES_MIN) {
    warnings.push(
      `${name}: max.message.bytes is ${bytesMax}: tasks with much data will be refused ` +
        `(expected at least ${MESSAGE_BYTES_MIN})`,
    );
  }
  if (settingOf(topic, "message.timestamp.type") !== "LogAppendTime") {
    warnings.push(
      `${name}: message.timestamp.type is not LogAppendTime: lateness and retention go by the ` +
        `producers' clocks`,
    );
  }
  return { refusals, warnings };
}

/** Checks the quarantine topic beside it. */
export function checkQuarantineTopic(
  quarantine: TopicDescription,
  task: TopicDescription,
): TopicFindings {
  const { refusals, warnings } = checkDurability(quarantine);
  const bytesMax = numberOf(quarantine, "max.message.bytes");
  const expected = numberOf(task, "max.message.bytes") + QUARANTINE_EXTRA_BYTES;
  if (bytesMax < expected) {
    refusals.push(
      `${quarantine.topic}: max.message.bytes is ${bytesMax}: of the largest bad records only the ` +
        `beginning would be kept (expected at least ${expected}; horae migrate raises it)`,
    );
  }
  return { refusals, warnings };
}

function checkDurability(topic: TopicDescription): { refusals: string[]; warnings: string[] } {
  const refusals: string[] = [];
  const warnings: string[] = [];
  const { topic: name, replicationFactor } = topic;
  if (settingOf(topic, "cleanup.policy").includes("compact")) {
    refusals.push(`${name}: cleanup.policy is compact: it drops all but the last record of a key`);
  }
  if (settingOf(topic, "unclean.leader.election.enable") === "true") {
    refusals.push(`${name}: unclean.leader.election.enable is true: acknowledged records get lost`);
  }
  if (replicationFactor > 1 && numberOf(topic, "min.insync.replicas") < 2) {
    refusals.push(
      `${name}: min.insync.replicas is 1 with ${replicationFactor} replicas: a record may be ` +
        `acknowledged by one broker only (expected 2)`,
    );
  }
  if (replicationFactor === 1) {
    warnings.push(`${name}: one replica: when its broker is lost, the log is`);
  }
  const codec = settingOf(topic, "compression.type");
  if (UNREADABLE_CODECS.includes(codec)) {
    refusals.push(`${name}: compression.type is ${codec}, which cannot be read here`);
  } else if (codec === "producer") {
    warnings.push(
      `${name}: compression.type is producer: a producer that compresses with snappy, lz4 or ` +
        `zstd stops its partition (expected uncompressed or gzip)`,
    );
  }
  return { refusals, warnings };
}

function settingOf({ settings }: TopicDescription, name: string): string {
  return settings.get(name) ?? "";
}

/** NaN, which fulfils no comparison, when the cluster does not say. */
function numberOf(topic: TopicDescription, name: string): number {
  const value = settingOf(topic, name);
  return value === "" ? Number.NaN : Number(value);
}
