import { assert } from "@horae/core";
import kafkajs from "kafkajs";
import type {
  Admin,
  Cluster,
  KafkaConfig,
  LogEntry,
  PartitionAssigner,
  SASLOptions,
} from "kafkajs";
import type { KafkaCluster } from "./broker.ts";
import {
  CONNECT_TIMEOUT_MS,
  DEFAULT_CLIENT_ID,
  type KafkaConnectionSettings,
  LOGIN_TIMEOUT_MS,
  RECONNECT_MAX_MS,
} from "./settings.ts";

export type { Admin } from "kafkajs";

// Error classes and others are invisible to `import { ... }` from a CommonJS module.
const { Kafka, logLevel, AssignerProtocol, ConfigResourceTypes } = kafkajs;

export const { MemberMetadata, MemberAssignment } = AssignerProtocol;
export const TOPIC_RESOURCE = ConfigResourceTypes.TOPIC;

/** A line that kafkajs would have written to the console. */
export interface KafkaLogLine {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface OpenOptions {
  readonly settings: KafkaConnectionSettings;
  readonly requestTimeoutMs: number;
  /** Absent: kafkajs is silent. What matters comes as errors and views anyway. */
  readonly onLog?: ((line: KafkaLogLine) => void) | undefined;
  /** Which of the brokers is asked first. */
  readonly rotation?: number;
  /** How often kafkajs itself tries to connect, and to repeat what may be repeated. Default 0. */
  readonly retries?: number;
}

/**
 * Connections and metadata of a cluster, not connected yet. kafkajs hands its own `Cluster` to
 * partition assigners and to nobody else, so a consumer that is never run serves to get one.
 */
export function openCluster(options: OpenOptions): KafkaCluster {
  let captured: Cluster | null = null;
  const capture: PartitionAssigner = ({ cluster }) => {
    captured = cluster;
    return {
      name: "unused",
      version: 0,
      assign: () => Promise.resolve([]),
      protocol: () => ({ name: "unused", metadata: Buffer.alloc(0) }),
    };
  };
  newKafka(options).consumer({
    groupId: "unused",
    partitionAssigners: [capture],
    allowAutoTopicCreation: false,
    // Log ends are those of all records; `fetch` itself asks for committed ones.
    readUncommitted: true,
    // Metadata are refreshed when a request shows that they are old.
    metadataMaxAge: 2 ** 31 - 1,
  });
  assert(captured !== null, "kafkajs gave no cluster to the partition assigner");
  mendBrokers(captured);
  return captured as unknown as KafkaCluster;
}

export function openAdmin(options: OpenOptions): Admin {
  return newKafka(options).admin();
}

function newKafka(options: OpenOptions): InstanceType<typeof Kafka> {
  const { settings, requestTimeoutMs, onLog, rotation = 0, retries = 0 } = options;
  const { brokers, clientId = DEFAULT_CLIENT_ID, ssl, sasl } = settings;
  const first = rotation % brokers.length;
  const config: KafkaConfig = {
    clientId,
    brokers: [...brokers.slice(first), ...brokers.slice(0, first)],
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: LOGIN_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    // Pauses and further attempts are the caller's, because kafkajs asks the same broker again when
    // it hangs. Without this line it retries for 9 s, and in other ways when NODE_ENV is "test".
    retry: {
      retries,
      initialRetryTime: 50,
      maxRetryTime: RECONNECT_MAX_MS,
      factor: 0.2,
      multiplier: 2,
    },
    logLevel: onLog === undefined ? logLevel.NOTHING : logLevel.INFO,
    logCreator: () => (entry) => onLog?.(lineOf(entry)),
  };
  if (ssl) config.ssl = { ...ssl };
  if (sasl) config.sasl = { ...sasl } as SASLOptions;
  return new Kafka(config);
}

function lineOf({ level, namespace, log }: LogEntry): KafkaLogLine {
  const { message, timestamp: _, logger: __, ...fields } = log;
  const names = { [logLevel.ERROR]: "error", [logLevel.WARN]: "warn", [logLevel.INFO]: "info" };
  const name = (names as Record<number, KafkaLogLine["level"]>)[level] ?? "debug";
  return { level: name, message: `kafkajs ${namespace}: ${message}`, fields };
}

interface Protocol {
  readonly request: { readonly apiName: string };
  readonly response: { decode: unknown; parse: unknown };
}

type Lookup = (apiKey: number, definition: unknown) => (request: unknown) => Protocol;

interface WithLookup {
  lookupRequest: Lookup;
}

const WHOLE_ANSWERS = ["Produce", "Fetch", "Metadata"];

interface RawBroker extends WithLookup {
  readonly connectionPool: { readonly pool: readonly RawConnection[] };
}

interface RawConnection {
  connect: () => Promise<unknown>;
}

function mendBrokers(cluster: Cluster): void {
  const { brokerPool } = cluster as unknown as {
    brokerPool: { createBroker: (options: unknown) => RawBroker };
  };
  const { createBroker } = brokerPool;
  brokerPool.createBroker = (options) => {
    const broker = createBroker(options);
    keepWholeAnswers(broker);
    for (const connection of broker.connectionPool.pool) connectOnce(connection);
    return broker;
  };
}

/**
 * kafkajs throws a whole answer away when one partition in it has an error, and does not say which:
 * one partition without a leader would hide where all others have gone, and which appends of a
 * request succeeded. Here these answers come as they are, with the error code of each partition.
 */
function keepWholeAnswers(broker: WithLookup): void {
  let lookup = broker.lookupRequest;
  // Each connect sets it to what that broker's version can do.
  Object.defineProperty(broker, "lookupRequest", {
    get: () => lookup,
    set: (given: Lookup) => {
      lookup = (apiKey, definition) => {
        const build = given(apiKey, definition);
        return (request) => withoutParse(build(request));
      };
    },
  });
}

/**
 * Requests that find a connection closed each open a socket, of which kafkajs remembers the last: the
 * others stay open for ever, and keep the process alive. Here they wait for the same one.
 */
function connectOnce(connection: RawConnection): void {
  const connect = connection.connect.bind(connection);
  let connecting: Promise<unknown> | null = null;
  connection.connect = () => {
    connecting ??= connect().finally(() => {
      connecting = null;
    });
    return connecting;
  };
}

function withoutParse(protocol: Protocol): Protocol {
  const { request, response } = protocol;
  if (!WHOLE_ANSWERS.includes(request.apiName)) return protocol;
  const parse = (answer: unknown): Promise<unknown> => Promise.resolve(answer);
  return { ...protocol, response: { ...response, parse } };
}
