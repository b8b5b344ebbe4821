import { HoraeError } from "@horae/core";
import { failureOf, logUnavailable } from "./errors.ts";
import { type Admin, type KafkaLogLine, openAdmin, TOPIC_RESOURCE } from "./kafkajs.ts";
import {
  checkBrokers,
  checkTopicName,
  type KafkaConnectionSettings,
  quarantineTopicOf,
  REQUEST_TIMEOUT_MS,
} from "./settings.ts";
import {
  checkQuarantineTopic,
  checkTaskTopic,
  QUARANTINE_EXTRA_BYTES,
  type TopicDescription,
} from "./topic-rules.ts";

const DAY_MS = 86_400_000;
const CREATE_TIMEOUT_MS = 15_000;
const MAX_MESSAGE_BYTES = "max.message.bytes";
/** Kafka's own default: three times what the largest task takes. */
const MESSAGE_BYTES_MAX = 1_048_588;
const RETENTION_MS = 7 * DAY_MS;

export interface TopicSettings extends KafkaConnectionSettings {
  readonly topic: string;
  /** Of the queue. */
  readonly partitions: number;
  readonly onLog?: (line: KafkaLogLine) => void;
}

export interface EnsureTopicsSettings extends TopicSettings {
  readonly replicationFactor: number;
  /** How long the log keeps records: the longest outage of the store to survive. Default 7 days. */
  readonly retentionMs?: number;
}

export interface EnsuredTopics {
  readonly created: readonly string[];
  /** Topics that were there, with a limit that had to be raised. */
  readonly changed: readonly string[];
}

/**
 * Creates the queue's topic and its quarantine topic where they are missing, and raises the size
 * limit of the quarantine topic when it is too low; leaves everything else as it is. May be called
 * again, and by several at once. Throws `LOG_UNAVAILABLE`.
 */
export async function ensureTopics(settings: EnsureTopicsSettings): Promise<EnsuredTopics> {
  return withAdmin(settings, async (admin) => {
    const created: string[] = [];
    const { topic, retentionMs = RETENTION_MS } = settings;
    const task = { partitions: settings.partitions, retentionMs, bytesMax: MESSAGE_BYTES_MAX };
    // Dying between the two: the next call creates the second.
    if (await create(admin, topic, { ...settings, ...task })) created.push(topic);
    const taskBytesMax = (await describe(admin, topic))?.settings.get(MAX_MESSAGE_BYTES);
    const bytesMax = Number(taskBytesMax ?? MESSAGE_BYTES_MAX) + QUARANTINE_EXTRA_BYTES;
    const name = quarantineTopicOf(topic);
    // What nobody has dealt with yet is not deleted for its age.
    const quarantine = { ...settings, partitions: 1, retentionMs: -1, bytesMax };
    if (await create(admin, name, quarantine)) created.push(name);
    const changed = (await raiseLimit(admin, name, bytesMax)) ? [name] : [];
    return { created, changed };
  });
}

/**
 * Checks that the topics are fit for a queue, and answers warnings about what is risky. Throws
 * `QUEUE_SETTINGS_MISMATCH` for another number of partitions, `SETTINGS_INVALID` for settings under
 * which tasks get lost, `LOG_UNAVAILABLE` when nobody could be asked and for a missing topic.
 */
export async function checkTopics(
  settings: TopicSettings & { readonly retentionMsMin?: number },
): Promise<readonly string[]> {
  return withAdmin(settings, async (admin) => {
    const { topic, partitions, retentionMsMin = 0 } = settings;
    const task = await described(admin, topic);
    if (task.partitions !== partitions) {
      const message = `${topic} has ${task.partitions} partitions, the queue has ${partitions}`;
      const details = { topic, found: task.partitions, expected: partitions };
      throw new HoraeError("QUEUE_SETTINGS_MISMATCH", message, { details });
    }
    const quarantine = await described(admin, quarantineTopicOf(topic));
    const findings = [
      checkTaskTopic(task, { retentionMsMin }),
      checkQuarantineTopic(quarantine, task),
    ];
    const refusals = findings.flatMap((finding) => finding.refusals);
    if (refusals.length > 0) {
      throw new HoraeError("SETTINGS_INVALID", refusals.join("; "), { details: { refusals } });
    }
    return findings.flatMap((finding) => finding.warnings);
  });
}

async function withAdmin<T>(
  settings: TopicSettings,
  call: (admin: Admin) => Promise<T>,
): Promise<T> {
  checkBrokers(settings.brokers);
  checkTopicName(settings.topic);
  const { onLog, brokers } = settings;
  // Every broker once, and the controller again when it has just moved.
  const retries = brokers.length + 1;
  const admin = openAdmin({ settings, requestTimeoutMs: REQUEST_TIMEOUT_MS, onLog, retries });
  try {
    await admin.connect();
    return await call(admin);
  } catch (error) {
    throw logUnavailable("topics", error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** False when the topic is there already. */
async function create(
  admin: Admin,
  topic: string,
  options: {
    partitions: number;
    replicationFactor: number;
    retentionMs: number;
    bytesMax: number;
  },
): Promise<boolean> {
  const { partitions, replicationFactor, retentionMs, bytesMax } = options;
  const entries: Record<string, string> = {
    "cleanup.policy": "delete",
    "unclean.leader.election.enable": "false",
    "min.insync.replicas": replicationFactor > 1 ? "2" : "1",
    "retention.ms": String(retentionMs),
    "retention.bytes": "-1",
    [MAX_MESSAGE_BYTES]: String(bytesMax),
    // The broker unpacks what a producer has compressed, so that any codec can be read.
    "compression.type": "uncompressed",
    // Retention and lateness do not go by the clocks of producers.
    "message.timestamp.type": "LogAppendTime",
  };
  return admin.createTopics({
    waitForLeaders: true,
    timeout: CREATE_TIMEOUT_MS,
    topics: [
      {
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
      },
    ],
  });
}

/** kafkajs replaces the settings of a topic as a whole: those that were set are set again. */
async function raiseLimit(admin: Admin, topic: string, bytesMax: number): Promise<boolean> {
  const found = await describe(admin, topic);
  const current = Number(found?.settings.get(MAX_MESSAGE_BYTES) ?? Number.NaN);
  if (found === null || !(current < bytesMax)) return false;
  const entries = new Map([...found.own, [MAX_MESSAGE_BYTES, String(bytesMax)] as const]);
  const configEntries = [...entries].map(([name, value]) => ({ name, value }));
  const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries }];
  await admin.alterConfigs({ validateOnly: false, resources });
  return true;
}

interface FoundTopic extends TopicDescription {
  /** Settings of the topic itself, not the cluster's defaults. */
  readonly own: ReadonlyMap<string, string>;
}

async function described(admin: Admin, topic: string): Promise<TopicDescription> {
  const found = await describe(admin, topic);
  if (found !== null) return found;
  const message = `the topic ${topic} does not exist: horae migrate creates it`;
  throw new HoraeError("LOG_UNAVAILABLE", message, { details: { topic }, retryable: true });
}

async function partitionsOf(
  admin: Admin,
  topic: string,
): Promise<readonly { readonly replicas: readonly number[] }[] | null> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions ?? null;
  } catch (error) {
    if (failureOf(error).name === "UNKNOWN_TOPIC_OR_PARTITION") return null;
    throw error;
  }
}

/** Source of a setting of the topic itself. */
const TOPIC_CONFIG = 1;

async function describe(admin: Admin, topic: string): Promise<FoundTopic | null> {
  const partitions = await partitionsOf(admin, topic);
  if (partitions === null) return null;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_RESOURCE, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const pair = (entry: (typeof entries)[number]): [string, string] => [
    entry.configName,
    entry.configValue,
  ];
  return {
    topic,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: new Map(entries.map(pair)),
    own: new Map(entries.filter((entry) => Number(entry.configSource) === TOPIC_CONFIG).map(pair)),
  };
}
