import { CASSANDRA_READY, cassandraYaml, QUICK_START } from "./cassandra-settings.ts";
import { ContainerServer, type DockerSource } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { serverGroup, type ServerGroup } from "./server-group.ts";
import type { CassandraOptions } from "./start-cassandra.ts";

/** Beside the image's own file, which its entry point rewrites. */
const YAML_FILE = "/tmp/horae-cassandra.yaml";

/** One node in a container of the official image, with the settings of the jars. */
export async function startCassandraInDocker(
  { image, testcontainers }: DockerSource,
  options: CassandraOptions,
): Promise<ServerGroup> {
  const { GenericContainer, Wait } = testcontainers;
  const port = await freePort();
  const yaml = cassandraYaml({
    address: "127.0.0.1",
    seed: "127.0.0.1",
    listensEverywhere: true,
    nativePort: port,
    storagePort: 7_000,
    folder: "/var/lib/cassandra",
    token: 0,
    commitLogSync: options.commitLogSync ?? "batch",
    extra: options.settings ?? "",
  });
  const container = new GenericContainer(image)
    .withExposedPorts({ container: port, host: port })
    .withCopyContentToContainer([{ content: yaml, target: YAML_FILE, mode: 0o644 }])
    .withCopyFilesToContainer(
      (options.files ?? []).map((file) => ({ source: file, target: file, mode: 0o644 })),
    )
    .withEnvironment({
      MAX_HEAP_SIZE: "512M",
      HEAP_NEWSIZE: "128M",
      CASSANDRA_DC: "dc1",
      CASSANDRA_RACK: "r1",
      JVM_EXTRA_OPTS: [`-Dcassandra.config=file://${YAML_FILE}`, ...QUICK_START].join(" "),
    })
    .withWaitStrategy(Wait.forLogMessage(CASSANDRA_READY))
    .withStartupTimeout(180_000);
  const node = await ContainerServer.start(container, port, CASSANDRA_READY);
  return serverGroup([node], { isSeeded: false, cleanUp: () => node.remove() });
}
