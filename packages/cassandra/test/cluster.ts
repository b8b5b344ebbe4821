import { randomUUID } from "node:crypto";
import { type Clock, type Random, SeededRandom } from "@horae/core";
import {
  type CassandraConnection,
  type CassandraSettings,
  connectCassandra,
  migrate,
} from "@horae/cassandra";
import { type SharedCassandra, sharedCassandra } from "@horae/testkit/servers";
import { DriverConnection } from "../src/driver.ts";
import { resolveCassandraSettings } from "../src/settings.ts";

/** Long enough for a server to start on a busy machine. */
export const START_MS = 180_000;

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export function newRandom(): Random {
  return new SeededRandom(Math.floor(Math.random() * 2 ** 50));
}

/** A name that no other test file has. */
export function newKeyspace(): string {
  return `test_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
}

export function settingsFor(
  servers: Pick<SharedCassandra, "contactPoints" | "localDataCenter">,
  keyspace: string,
): CassandraSettings {
  const { contactPoints, localDataCenter } = servers;
  return { contactPoints, localDataCenter, keyspace };
}

export interface TestKeyspace {
  readonly settings: CassandraSettings;
  readonly connection: CassandraConnection;
  /** Runs a statement as an operator would. */
  run(cql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A migrated keyspace of its own on the shared server, or on `servers`. */
export async function openKeyspace(
  servers?: Pick<SharedCassandra, "contactPoints" | "localDataCenter" | "dataCenters">,
  more: Partial<CassandraSettings> = {},
): Promise<TestKeyspace> {
  const cluster = servers ?? (await sharedCassandra());
  const settings = { ...settingsFor(cluster, newKeyspace()), ...more };
  const replication = Object.fromEntries(cluster.dataCenters.map((name) => [name, 1]));
  const tools = { clock: realClock, random: newRandom() };
  await migrate({ settings, replication, ...tools });
  const connection = await connectCassandra(settings, tools);
  const operator = await DriverConnection.open(resolveCassandraSettings(settings));
  const { client } = operator;
  return {
    settings,
    connection,
    run: async (cql) => (await client.execute(cql, [], { prepare: false })).rows ?? [],
    close: async () => {
      await connection.close();
      if (servers === undefined) {
        await client.execute(`DROP KEYSPACE IF EXISTS ${settings.keyspace}`, [], {
          prepare: false,
          readTimeout: 60_000,
        });
      }
      await operator.close();
    },
  };
}
