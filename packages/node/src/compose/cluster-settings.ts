import type { CassandraSettings } from "@horae/cassandra";
import { HoraeError } from "@horae/core";
import type { KafkaQueueSettings } from "@horae/kafka";
import type { NodeConfig } from "../config/settings-table.ts";

/** What a configuration says about a cluster, in the words of the adapters. */
export interface ClusterSettings {
  readonly kafka: KafkaQueueSettings & {
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly retentionMs: number;
  };
  readonly cassandra: CassandraSettings;
  /** Copies per data centre of a keyspace that is made anew. */
  readonly replication: Readonly<Record<string, number>>;
}

const REPLICAS = 3;

/** Throws `SETTINGS_INVALID` for a configuration that keeps its tasks in a directory. */
export function clusterSettingsOf(config: NodeConfig): ClusterSettings {
  const { cassandra, kafka, queue } = config;
  if (kafka === null || cassandra === null) {
    const message = "kafka, cassandra: the configuration does not name a cluster";
    throw new HoraeError("SETTINGS_INVALID", message, { details: { path: "kafka" } });
  }
  const name = `horae.${queue.name}`;
  const { topic, groupId, ssl, sasl, ...asTheyAre } = kafka;
  const { contactPoints, localDataCenter, keyspace, credentials } = cassandra;
  return {
    kafka: {
      ...asTheyAre,
      topic: topic ?? name,
      groupId: groupId ?? name,
      ssl: tlsOf(ssl),
      sasl,
      partitions: queue.partitions,
    },
    cassandra: {
      contactPoints,
      localDataCenter,
      keyspace,
      ...(cassandra.ssl.enabled && { tls: tlsOf(cassandra.ssl) ?? {} }),
      ...(credentials !== null && { credentials }),
    },
    replication: cassandra.replication ?? { [localDataCenter]: REPLICAS },
  };
}

type TlsConfig = NonNullable<NodeConfig["kafka"]>["ssl"];

function tlsOf({
  enabled,
  ca,
  cert,
  key,
}: TlsConfig): { ca?: string; cert?: string; key?: string } | null {
  if (!enabled) return null;
  return {
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
  };
}
