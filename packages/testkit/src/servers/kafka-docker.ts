import { ContainerServer, type DockerSource } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { KAFKA_READY, kafkaSettings } from "./kafka-settings.ts";
import { serverGroup, type ServerGroup } from "./server-group.ts";
import type { KafkaOptions } from "./start-kafka.ts";

const CONTROLLER_PORT = 9_094;
const BROKER_PORT = 9_093;
/** Where the official image has its volume. */
const DATA_FOLDER = "/var/lib/kafka/data";

/** One broker in a container of the official image, with the settings of the jars. */
export async function startKafkaInDocker(
  { image, testcontainers }: DockerSource,
  options: KafkaOptions,
): Promise<ServerGroup> {
  const { GenericContainer, Wait } = testcontainers;
  const port = await freePort();
  const settings = {
    ...kafkaSettings(0, [{ client: port, controller: CONTROLLER_PORT }], DATA_FOLDER),
    // Inside, the broker listens on all addresses; it talks to itself where no published port is needed.
    listeners: `PLAINTEXT://:${port},BROKER://:${BROKER_PORT},CONTROLLER://:${CONTROLLER_PORT}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},BROKER://localhost:${BROKER_PORT}`,
    "inter.broker.listener.name": "BROKER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT",
    "controller.quorum.voters": `1@localhost:${CONTROLLER_PORT}`,
    ...options.settings,
  };
  const environment = Object.entries(settings).map(([key, value]) => [
    `KAFKA_${key.toUpperCase().replaceAll(".", "_")}`,
    value,
  ]);
  const container = new GenericContainer(image)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({ ...Object.fromEntries(environment), KAFKA_HEAP_OPTS: "-Xms128m -Xmx256m" })
    .withWaitStrategy(Wait.forLogMessage(KAFKA_READY))
    .withStartupTimeout(120_000);
  const node = await ContainerServer.start(container, port, KAFKA_READY);
  return serverGroup([node], { isSeeded: false, cleanUp: () => node.remove() });
}
