import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CASSANDRA_READY,
  cassandraJvmFlags,
  cassandraYaml,
  knownNodeText,
  LOGBACK,
  QUICK_START,
} from "./cassandra-settings.ts";
import type { JarsSource } from "./choose-source.ts";
import { freePort } from "./free-port.ts";
import { JavaServer } from "./java-server.ts";
import { serverFolder } from "./server-folder.ts";
import { serverGroup, type ServerGroup } from "./server-group.ts";
import type { CassandraOptions } from "./start-cassandra.ts";
import { waitUntil } from "./wait-until.ts";

const START_MS = 120_000;
const SMALL = ["-Xms384m", "-Xmx512m", "-XX:MaxDirectMemorySize=256m"];

/** Nodes as processes of this machine, each a data centre on a loopback address of its own. */
export async function startCassandraFromJars(
  source: JarsSource,
  dataCenters: number,
  options: CassandraOptions,
): Promise<ServerGroup> {
  const addresses = Array.from({ length: dataCenters }, (_, i) => `127.0.0.${i + 1}`);
  // Nodes find each other, and drivers find nodes, on one pair of ports at every address.
  const nativePort = await freePort(addresses);
  const storagePort = await freePort(addresses);
  const folder = await serverFolder("cassandra");
  const nodes: JavaServer[] = [];
  const group = serverGroup(nodes, { isSeeded: true, cleanUp: () => folder.remove() });
  try {
    for (const [index, address] of addresses.entries()) {
      const home = join(folder.path, `node-${index + 1}`);
      await mkdir(home, { recursive: true });
      const yaml = cassandraYaml({
        address,
        seed: addresses[0]!,
        listensEverywhere: false,
        nativePort,
        storagePort,
        folder: home,
        token: index * 100,
        commitLogSync: options.commitLogSync ?? "batch",
        extra: options.settings ?? "",
      });
      await writeFile(join(home, "cassandra.yaml"), yaml);
      const place = `dc=dc${index + 1}\nrack=r1\n`;
      await writeFile(join(home, "cassandra-rackdc.properties"), place);
      await writeFile(join(home, "logback.xml"), LOGBACK);
      nodes.push(serverOf({ source, home, address, nativePort, options }));
    }
    await group.restart();
    await waitUntil(
      () => knowEachOther(nodes, addresses, storagePort),
      START_MS,
      () => `the nodes of Cassandra did not find each other within ${START_MS} ms`,
    );
  } catch (error) {
    await group.stop();
    throw error;
  }
  return group;
}

/** A node takes requests before it knows the others, but not for a keyspace that lies on them. */
async function knowEachOther(
  nodes: readonly JavaServer[],
  addresses: readonly string[],
  storagePort: number,
): Promise<boolean> {
  const known = nodes.flatMap((node) =>
    addresses
      .filter((address) => address !== node.host)
      .map((address) => node.hasWritten(knownNodeText(address, storagePort))),
  );
  return (await Promise.all(known)).every(Boolean);
}

function serverOf(node: {
  source: JarsSource;
  home: string;
  address: string;
  nativePort: number;
  options: CassandraOptions;
}): JavaServer {
  const { java, jars } = node.source;
  const machine =
    node.options.isBenchmark === true
      ? ["-Xms1g", "-Xmx2g", "-XX:+UseG1GC", "-XX:MaxDirectMemorySize=512m"]
      : [...SMALL, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  return new JavaServer({
    name: "Cassandra",
    java,
    parameters: [
      ...machine,
      "-Xss256k",
      ...cassandraJvmFlags(node.home, jars),
      ...QUICK_START,
      "-cp",
      join(jars, "*"),
      "org.apache.cassandra.service.CassandraDaemon",
    ],
    host: node.address,
    port: node.nativePort,
    folder: node.home,
    readyText: CASSANDRA_READY,
    startTimeoutMs: START_MS,
  });
}
