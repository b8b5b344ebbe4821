import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { run } from "./java.ts";
import { JavaServer } from "./java-server.ts";
import {
  KAFKA_CLUSTER_ID,
  KAFKA_READY,
  type KafkaPorts,
  kafkaSettings,
  LOG4J_1,
  LOG4J_2,
} from "./kafka-settings.ts";
import { serverFolder } from "./server-folder.ts";
import { serverGroup, type ServerGroup } from "./server-group.ts";
import type { KafkaOptions } from "./start-kafka.ts";

export interface KafkaJars {
  readonly version: string;
  readonly java: string;
  /** Folder of the jars. */
  readonly jars: string;
}

/** Brokers as processes of this machine, each also a controller. */
export async function startKafkaFromJars(
  source: KafkaJars,
  options: KafkaOptions,
): Promise<ServerGroup> {
  const count = options.brokers ?? 1;
  const ports: KafkaPorts[] = [];
  for (let i = 0; i < count; i++) {
    ports.push({ client: await freePort(), controller: await freePort() });
  }
  const folder = await serverFolder("kafka");
  const nodes: JavaServer[] = [];
  const group = serverGroup(nodes, { isSeeded: false, cleanUp: () => folder.remove() });
  try {
    for (let i = 0; i < count; i++) {
      const home = join(folder.path, `node-${i + 1}`);
      const settings = { ...kafkaSettings(i, ports, join(home, "data")), ...options.settings };
      nodes.push(await prepare({ source, home, settings, port: ports[i]!.client, options }));
    }
    await group.restart();
  } catch (error) {
    await group.stop();
    throw error;
  }
  return group;
}

/** Writes the files of a node and formats its storage. */
async function prepare(node: {
  source: KafkaJars;
  home: string;
  settings: Record<string, string>;
  port: number;
  options: KafkaOptions;
}): Promise<JavaServer> {
  const { source, home, settings, port, options } = node;
  const { java, jars, version } = source;
  await mkdir(home, { recursive: true });
  const file = join(home, "server.properties");
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(file, lines.join(""));
  await writeFile(join(home, "log4j.properties"), LOG4J_1);
  await writeFile(join(home, "log4j2.xml"), LOG4J_2);
  const logging = version.startsWith("3.")
    ? `-Dlog4j.configuration=file:${join(home, "log4j.properties")}`
    : `-Dlog4j2.configurationFile=${join(home, "log4j2.xml")}`;
  const common = ["-Djava.awt.headless=true", logging, "-cp", join(jars, "*")];
  const formatted = await run(java, [
    ...["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...common],
    ...["kafka.tools.StorageTool", "format", "-t", KAFKA_CLUSTER_ID, "-c", file],
  ]);
  if (formatted.code !== 0)
    throw new Error(`Kafka's storage: ${formatted.stdout}${formatted.stderr}`);
  const machine =
    options.isBenchmark === true
      ? ["-Xms512m", "-Xmx1g", "-XX:+UseG1GC"]
      : ["-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  return new JavaServer({
    name: `Kafka ${version}`,
    java,
    parameters: [...machine, ...common, "kafka.Kafka", file],
    host: "127.0.0.1",
    port,
    folder: home,
    readyText: KAFKA_READY,
    startTimeoutMs: 60_000,
  });
}
