import type { CassandraConnection } from "@horae/cassandra";
import { connectCassandra } from "@horae/cassandra";
import type { HoraeError } from "@horae/core";
import { hasCode, repeat } from "@horae/core";
import type { KafkaLog, KafkaLogLine, KafkaQuarantine } from "@horae/kafka";
import { checkTopics, openKafkaLog, openKafkaQuarantine } from "@horae/kafka";
import type { NodeConfig } from "../config/settings-table.ts";
import type { Adapters, OpenOptions } from "./adapters.ts";
import type { ClusterSettings } from "./cluster-settings.ts";
import { clusterSettingsOf } from "./cluster-settings.ts";
import { ensureQueueSettings } from "./queue-settings.ts";

/** The log on Kafka, the store on Cassandra. */
export async function openCluster(config: NodeConfig, options: OpenOptions): Promise<Adapters> {
  const settings = clusterSettingsOf(config);
  // Of two that fail the first one counts; the other must not wait on for its server.
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const both = { ...options, signal };
  const connecting = openStore(config, settings, both);
  try {
    const [connection] = await Promise.all([connecting, waitForTopics(settings, both)]);
    return adaptersOf(openKafka(settings, options), connection, config.queue.name);
  } catch (error) {
    abort.abort();
    await connecting.then((connection) => connection.close()).catch(() => undefined);
    throw error;
  }
}

interface KafkaAdapters {
  readonly log: KafkaLog;
  readonly quarantine: KafkaQuarantine;
}

/** Both connect when they are first used. */
function openKafka({ kafka }: ClusterSettings, options: OpenOptions): KafkaAdapters {
  const { clock, logger, name } = options;
  const onLog = ({ level, message, fields }: KafkaLogLine): void =>
    logger.debug({ ...fields, kafkaLevel: level }, message);
  const log = openKafkaLog({
    settings: { ...kafka, memberName: name },
    clock,
    onTrouble: ({ operation, error }) => report(options, operation, error),
    onLog,
  });
  return { log, quarantine: openKafkaQuarantine({ settings: kafka, clock, onLog }) };
}

function adaptersOf(
  { log, quarantine }: KafkaAdapters,
  connection: CassandraConnection,
  queue: string,
): Adapters {
  return {
    log,
    quarantine,
    store: connection.taskStore(queue),
    leases: connection.leaseStore(queue),
    clientSettings: {},
    // Who looks for a node finds its URL in its leases.
    announce: () => Promise.resolve(),
    disk: () => null,
    close: async () => {
      await Promise.all([log.close(), quarantine.close()]);
      await connection.close();
    },
  };
}

async function openStore(
  config: NodeConfig,
  settings: ClusterSettings,
  options: OpenOptions,
): Promise<CassandraConnection> {
  const waiting = waitingFor("connectStore", options);
  const connection = await connectCassandra(settings.cassandra, waiting);
  try {
    const store = connection.taskStore(config.queue.name);
    await repeat(waiting, () => ensureQueueSettings(store, config.queue));
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Whatever is wrong with the connection may be cured meanwhile, a wrong password included. */
async function waitForTopics(settings: ClusterSettings, options: OpenOptions): Promise<void> {
  const { kafka } = settings;
  const isTransient = (error: HoraeError): boolean => hasCode(error, "LOG_UNAVAILABLE");
  const warnings = await repeat({ ...waitingFor("checkTopics", options), isTransient }, () =>
    checkTopics({ ...kafka, retentionMsMin: kafka.retentionMs }),
  );
  for (const warning of warnings) options.logger.warn({}, warning);
}

function waitingFor(operation: string, options: OpenOptions) {
  const { clock, random, signal } = options;
  const onRefused = ({ error }: { error: HoraeError }): void => report(options, operation, error);
  return { clock, random, signal, onRefused };
}

function report({ telemetry }: OpenOptions, operation: string, error: HoraeError): void {
  const { code, message } = error;
  telemetry.emit({ type: "portFailed", partition: null, operation, code, message });
}
