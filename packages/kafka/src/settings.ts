import { HoraeError } from "@horae/core";

export interface KafkaTls {
  /** Certificate of the authority, PEM; without it the public authorities count. */
  readonly ca?: string;
  /** Certificate and private key of this client, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaSasl {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
}

/** How to reach a cluster. */
export interface KafkaConnectionSettings {
  /** Brokers to begin with, `host:port`. */
  readonly brokers: readonly string[];
  /** How the brokers' logs name this process. Default `horae`. */
  readonly clientId?: string;
  /** Null or absent: no encryption. */
  readonly ssl?: KafkaTls | null;
  readonly sasl?: KafkaSasl | null;
}

/** How to reach a queue. */
export interface KafkaQueueSettings extends KafkaConnectionSettings {
  /** Topic of the queue; bad records go to `<topic>.quarantine`. */
  readonly topic: string;
  /** Consumer group of the queue's nodes. */
  readonly groupId: string;
  /** Names this node among the group's members. Default `horae`. */
  readonly memberName?: string;
  /** How long the group takes a silent node for alive. Default 10,000. */
  readonly sessionTimeoutMs?: number;
}

export const DEFAULT_CLIENT_ID = "horae";
export const DEFAULT_SESSION_TIMEOUT_MS = 10_000;

/** Opening of a connection, TLS and the first answer included. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** Login over an open connection. */
export const LOGIN_TIMEOUT_MS = 5_000;
/** Longest pause between two attempts to reach a cluster. */
export const RECONNECT_MAX_MS = 1_000;
/** Answer of a broker to a read, which waits for 200 ms at the most and brings 4 MiB. */
export const READ_TIMEOUT_MS = 5_000;
/** Answer of a broker that has something to do: create a topic, change its settings. */
export const REQUEST_TIMEOUT_MS = 15_000;

/** Answer to an append: the leader waits for its replicas for `ACKS_TIMEOUT_MS` and then says so. */
export const APPEND_TIMEOUT_MS = 12_000;
export const ACKS_TIMEOUT_MS = 10_000;

/** kafkajs takes a broker apart at its first colon. */
const BROKER = /^[A-Za-z0-9._-]+:\d{1,5}$/;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** Throws `SETTINGS_INVALID` for brokers that kafkajs would misread. */
export function checkBrokers(brokers: readonly string[]): void {
  if (brokers.length === 0) throw invalid("brokers", "one or more `host:port`");
  for (const broker of brokers) if (!BROKER.test(broker)) throw invalid("brokers", "`host:port`");
}

/** Throws `SETTINGS_INVALID` for a topic whose quarantine would have no legal name either. */
export function checkTopicName(topic: string): void {
  if (topic === "" || !TOPIC.test(quarantineTopicOf(topic))) {
    throw invalid("topic", "letters, digits, `.`, `_` and `-`, at most 238 of them");
  }
}

export function quarantineTopicOf(topic: string): string {
  return `${topic}.quarantine`;
}

function invalid(path: string, expected: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", `kafka.${path}: expected ${expected}`, {
    details: { path: `kafka.${path}`, expected },
  });
}
