import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CassandraServers, startCassandra } from "./start-cassandra.ts";
import { type KafkaServers, startKafka } from "./start-kafka.ts";

/** Where the host of a test run listens; its tests inherit it. */
const HOST_VARIABLE = "HORAE_TEST_SERVERS_HOST";

export type SharedKafka = Pick<KafkaServers, "brokers">;
export type SharedCassandra = Pick<
  CassandraServers,
  "contactPoints" | "dataCenters" | "localDataCenter"
>;

/**
 * The one Kafka of a test run, started by whoever asks first. Tests that share it use topics of
 * their own and do it no harm; those that kill servers start their own.
 */
export function sharedKafka(): Promise<SharedKafka> {
  return ask("kafka");
}

/** The one Cassandra of a test run: a keyspace per test file. */
export function sharedCassandra(): Promise<SharedCassandra> {
  return ask("cassandra");
}

async function ask<T>(server: string): Promise<T> {
  const host = process.env[HOST_VARIABLE];
  if (host === undefined)
    throw new Error(`${HOST_VARIABLE} is not set: start a SharedServers first`);
  const response = await fetch(`${host}/${server}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as T;
}

/** Starts servers when a test first asks for them, and stops them after the run. */
export class SharedServers {
  readonly #server: Server;
  #kafka: Promise<KafkaServers> | null = null;
  #cassandra: Promise<CassandraServers> | null = null;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request.url ?? "", response);
    });
  }

  /** Listens, and tells the tests through an environment variable where. */
  static async start(): Promise<SharedServers> {
    const servers = new SharedServers();
    await new Promise<void>((resolve) => servers.#server.listen(0, "127.0.0.1", resolve));
    const { port } = servers.#server.address() as AddressInfo;
    process.env[HOST_VARIABLE] = `http://127.0.0.1:${port}`;
    return servers;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    const started = [this.#kafka, this.#cassandra].filter((group) => group !== null);
    for (const group of await Promise.allSettled(started)) {
      if (group.status === "fulfilled") await group.value.stop();
    }
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    try {
      const contact = url === "/kafka" ? await this.#startKafka() : await this.#startCassandra();
      response.end(JSON.stringify(contact));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    }
  }

  async #startKafka(): Promise<SharedKafka> {
    const { brokers } = await (this.#kafka ??= startKafka());
    return { brokers };
  }

  async #startCassandra(): Promise<SharedCassandra> {
    const { contactPoints, dataCenters, localDataCenter } = await (this.#cassandra ??=
      startCassandra());
    return { contactPoints, dataCenters, localDataCenter };
  }
}
