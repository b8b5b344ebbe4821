import { chooseSource } from "./choose-source.ts";
import { startKafkaInDocker } from "./kafka-docker.ts";
import { startKafkaFromJars } from "./kafka-jars.ts";
import type { ServerGroup } from "./server-group.ts";

export const KAFKA_VERSION = "3.9.1";

export interface KafkaOptions {
  /** Default 3.9.1; 4.1.1 is the other one that is known. */
  readonly version?: string;
  /** Default 1. Several are one cluster, each in a rack (data centre) of its own. */
  readonly brokers?: number;
  /** Further lines of `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A larger heap and the whole compiler: slower to start, faster once warm. */
  readonly isBenchmark?: boolean;
}

export interface KafkaServers extends ServerGroup {
  /** `host:port` of each broker. */
  readonly brokers: readonly string[];
}

/** Starts Kafka on free ports of the loopback address; resolves when all brokers take requests. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServers> {
  const version = options.version ?? KAFKA_VERSION;
  const source = await chooseSource({
    name: "Kafka",
    version,
    image: `apache/kafka:${version}`,
    isDockerEnough: (options.brokers ?? 1) === 1,
  });
  const group =
    source.kind === "docker"
      ? await startKafkaInDocker(source, options)
      : await startKafkaFromJars({ ...source, version }, options);
  return { ...group, brokers: group.nodes.map(({ host, port }) => `${host}:${port}`) };
}
