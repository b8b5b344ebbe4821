// The log of a queue
export { KafkaLog, type KafkaLogOptions, type KafkaTrouble, openKafkaLog } from "./kafka-log.ts";
export { KafkaAppender, type KafkaAppenderOptions, openKafkaAppender } from "./kafka-appender.ts";
export type { KafkaLogLine } from "./kafkajs.ts";
export {
  type KafkaConnectionSettings,
  type KafkaQueueSettings,
  type KafkaSasl,
  type KafkaTls,
  quarantineTopicOf,
} from "./settings.ts";

// What was refused, for people
export { KafkaQuarantine, openKafkaQuarantine } from "./kafka-quarantine.ts";

// Topics
export {
  checkTopics,
  ensureTopics,
  type EnsuredTopics,
  type EnsureTopicsSettings,
  type TopicSettings,
} from "./topics.ts";
