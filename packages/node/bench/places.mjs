// Where the figures are taken: an empty place each time, with what a node and a client need to know.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateCluster } from "../dist/compose/migrate-cluster.js";
import { readConfig } from "../dist/config/read-config.js";
import { systemClock, systemRandom } from "@horae/client";
import { startCassandra, startKafka } from "@horae/testkit/servers";
import cassandra from "cassandra-driver";

const QUEUE = { name: "bench", partitions: 8, bucketMs: 600_000 };

export function startDirectory() {
  const dir = mkdtempSync(join(tmpdir(), "horae-bench-"));
  return {
    config: { queue: QUEUE, embedded: { dir } },
    statements: () => 0,
    stop: () => rmSync(dir, { recursive: true }),
  };
}

/** Kafka and Cassandra with more memory than for tests; one node each. */
export async function startServers() {
  const options = { isBenchmark: true };
  const servers = await Promise.all([startKafka(options), startCassandra(options)]);
  const [{ brokers }, { contactPoints, localDataCenter }] = servers;
  const config = {
    queue: QUEUE,
    kafka: { brokers, replicationFactor: 1 },
    cassandra: { contactPoints, localDataCenter, replication: { [localDataCenter]: 1 } },
  };
  const ports = { clock: systemClock, random: systemRandom };
  await migrateCluster(readConfig(config, {}).config, ports);
  const client = new cassandra.Client({ contactPoints, localDataCenter });
  return {
    config,
    /** Reads and writes that Cassandra has coordinated; a batch counts once. */
    statements: async () => {
      const tables = [
        "coordinator_read_latency",
        "coordinator_write_latency",
        "coordinator_scan_latency",
      ];
      const cql = (table) =>
        `SELECT table_name, count FROM system_views.${table} WHERE keyspace_name = 'horae' ALLOW FILTERING`;
      const results = await Promise.all(tables.map((table) => client.execute(cql(table))));
      return results.flatMap(({ rows }) => rows).reduce((sum, { count }) => sum + Number(count), 0);
    },
    stop: async () => {
      await client.shutdown();
      await Promise.all(servers.map((group) => group.stop()));
    },
  };
}
