/** Error codes of Kafka's protocol that mean something to us. */
export const BROKER_CODES = {
  UNKNOWN: -1,
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_FOR_PARTITION: 6,
  REQUEST_TIMED_OUT: 7,
  REPLICA_NOT_AVAILABLE: 9,
  MESSAGE_TOO_LARGE: 10,
  NETWORK_EXCEPTION: 13,
  INVALID_TOPIC_EXCEPTION: 17,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  TOPIC_AUTHORIZATION_FAILED: 29,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  INVALID_REQUEST: 42,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 43,
  POLICY_VIOLATION: 44,
  KAFKA_STORAGE_ERROR: 56,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  OFFSET_NOT_AVAILABLE: 78,
  INVALID_RECORD: 87,
} as const;

type Code = keyof typeof BROKER_CODES;

const NAMES = new Map<number, string>(
  Object.entries(BROKER_CODES).map(([name, code]): [number, string] => [code, name]),
);

/** The name of an error code, for messages. */
export function nameOfCode(code: number): string {
  return NAMES.get(code) ?? `error ${code}`;
}

/** The partition is led by another broker now, or by none: ask for the leaders again. */
export const LEADER_MOVED = codes(
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "REPLICA_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
);

/** The batch of an append exceeds the topic's `max.message.bytes`; nothing of it was appended. */
export const APPEND_TOO_LARGE = codes("MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE");

/** An append was refused before anything was written, and may succeed later. */
export const APPEND_REFUSED_NOW = codes(
  "NOT_ENOUGH_REPLICAS",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
);

/**
 * An append was refused, and will be again. Any other code leaves it open: also
 * `NOT_LEADER_FOR_PARTITION`, which a leader that is deposed while it waits for its replicas
 * answers too, after it has written the record.
 */
export const APPEND_REFUSED_ALWAYS = codes(
  "CORRUPT_MESSAGE",
  "INVALID_TOPIC_EXCEPTION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_TIMESTAMP",
  "INVALID_REQUEST",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "POLICY_VIOLATION",
  "INVALID_RECORD",
);

function codes(...names: Code[]): ReadonlySet<number> {
  return new Set(names.map((name) => BROKER_CODES[name]));
}
