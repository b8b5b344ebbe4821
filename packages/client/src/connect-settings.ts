import { HoraeError, NAME_PATTERN } from "@horae/core";
import type { KafkaConnectionSettings } from "@horae/kafka";
import type { ClientSettings } from "./client-settings.ts";

/** Which queue to schedule on, where its log is, and the limits of the client. */
export interface ConnectSettings extends Partial<ClientSettings> {
  readonly queue?: {
    /** Default `default`. */
    readonly name?: string;
    /** As the queue was created with. Needed only where a directory holds no queue yet. */
    readonly partitions?: number;
    /** As the queue was created with. Needed only where a directory holds no queue yet. */
    readonly bucketMs?: number;
  };
  /** The log on Kafka. Give this or `embedded`. */
  readonly kafka?: KafkaConnectionSettings & {
    /** Topic of the queue. Default `horae.<queue>`. */
    readonly topic?: string;
  };
  /** A directory of this machine. Nodes and clients of one process share it. */
  readonly embedded?: { readonly dir: string };
}

/** The queue of `ConnectSettings`, with its name filled in. */
export type NamedQueue = NonNullable<ConnectSettings["queue"]> & { readonly name: string };

/** `ConnectSettings` that make sense. */
export interface CheckedConnectSettings {
  readonly queue: NamedQueue;
  readonly place:
    | { readonly embedded: NonNullable<ConnectSettings["embedded"]> }
    | { readonly kafka: NonNullable<ConnectSettings["kafka"]> };
  readonly limits: Partial<ClientSettings>;
}

const NAMES: Readonly<Record<keyof ConnectSettings, true>> = {
  queue: true,
  embedded: true,
  kafka: true,
  appendTimeoutMs: true,
  refusalTimeoutMs: true,
  inFlightTasksMax: true,
  waitingTasksMax: true,
};

const KAFKA_NAMES: Readonly<Record<keyof NonNullable<ConnectSettings["kafka"]>, true>> = {
  brokers: true,
  topic: true,
  clientId: true,
  ssl: true,
  sasl: true,
};

/** Also what the compiler would have said, for those who do not use it. Throws `SETTINGS_INVALID`. */
export function checkConnectSettings(settings: ConnectSettings): CheckedConnectSettings {
  checkNames(settings, NAMES, "");
  const { queue, embedded, kafka, ...limits } = settings;
  const name = queue?.name ?? "default";
  if (!NAME_PATTERN.test(name)) {
    throw invalid("queue.name", `expected a name that matches ${NAME_PATTERN.source}`);
  }
  const place = placeOf(embedded, kafka);
  return { queue: { ...queue, name }, place, limits };
}

function placeOf(
  embedded: ConnectSettings["embedded"],
  kafka: ConnectSettings["kafka"],
): CheckedConnectSettings["place"] {
  if (embedded !== undefined && kafka !== undefined) {
    throw invalid("embedded", "give this or kafka, not both");
  }
  if (embedded !== undefined) {
    if (isText(embedded.dir)) return { embedded };
    throw invalid("embedded.dir", "expected the path of a directory");
  }
  if (kafka === undefined) throw invalid("kafka", "say where the queue is: kafka or embedded.dir");
  checkNames(kafka, KAFKA_NAMES, "kafka.");
  const { brokers, topic } = kafka;
  if (!Array.isArray(brokers) || !brokers.every(isText)) {
    throw invalid("kafka.brokers", "expected a list of `host:port`");
  }
  if (topic !== undefined && !isText(topic)) throw invalid("kafka.topic", "expected a name");
  return { kafka };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function checkNames(given: object, known: Readonly<Record<string, true>>, prefix: string): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw invalid(`${prefix}${name}`, "no such setting");
  }
}

function invalid(path: string, message: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", `${path}: ${message}`, { details: { path } });
}
