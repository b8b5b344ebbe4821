import { startCassandraInDocker } from "./cassandra-docker.ts";
import { startCassandraFromJars } from "./cassandra-jars.ts";
import { chooseSource } from "./choose-source.ts";
import type { ServerGroup } from "./server-group.ts";

export const CASSANDRA_VERSION = "5.0.6";

export interface CassandraOptions {
  /** 1 to 3 data centres of one node each: `dc1` on 127.0.0.1, `dc2` on 127.0.0.2, ... Default 1. */
  readonly dataCenters?: number;
  /** Default `batch`: a write is on the disk when it is acknowledged. */
  readonly commitLogSync?: "batch" | "periodic";
  /** Further lines of `cassandra.yaml`. */
  readonly settings?: string;
  /** Files that the settings name, by absolute path: a container gets copies of them. */
  readonly files?: readonly string[];
  /** A larger heap and the whole compiler: slower to start, faster once warm. */
  readonly isBenchmark?: boolean;
}

export interface CassandraServers extends ServerGroup {
  /** `host:port` of each node, in the order of the data centres. */
  readonly contactPoints: readonly string[];
  readonly dataCenters: readonly string[];
  readonly localDataCenter: string;
}

/** Starts Cassandra on a free port of the loopback addresses; resolves when all nodes take requests. */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraServers> {
  const count = options.dataCenters ?? 1;
  const source = await chooseSource({
    name: "Cassandra",
    version: CASSANDRA_VERSION,
    image: `cassandra:${CASSANDRA_VERSION}`,
    isDockerEnough: count === 1,
  });
  const group =
    source.kind === "docker"
      ? await startCassandraInDocker(source, options)
      : await startCassandraFromJars(source, count, options);
  return {
    ...group,
    contactPoints: group.nodes.map(({ host, port }) => `${host}:${port}`),
    dataCenters: group.nodes.map((_, index) => `dc${index + 1}`),
    localDataCenter: "dc1",
  };
}
