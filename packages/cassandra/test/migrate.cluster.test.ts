import { migrate } from "@horae/cassandra";
import { sharedCassandra } from "@horae/testkit/servers";
import { connectCassandra } from "../src/connect.ts";
import { DriverConnection } from "../src/driver.ts";
import { MIGRATIONS, type Migration } from "../src/migrations.ts";
import { resolveCassandraSettings } from "../src/settings.ts";
import { newKeyspace, newRandom, realClock, settingsFor, START_MS } from "./cluster.ts";

const NEXT: Migration = {
  description: "of a later build",
  statements: (keyspace) => [`CREATE TABLE IF NOT EXISTS ${keyspace}.later (id int PRIMARY KEY)`],
};

async function setUp() {
  const cluster = await sharedCassandra();
  const settings = settingsFor(cluster, newKeyspace());
  const options = {
    settings,
    replication: { dc1: 1 },
    clock: realClock,
    random: newRandom(),
  };
  const run = async (cql: string) => {
    const operator = await DriverConnection.open(resolveCassandraSettings(settings));
    const { rows } = await operator.client.execute(cql, [], {
      prepare: false,
      readTimeout: 60_000,
    });
    await operator.close();
    return rows;
  };
  const tables = async () => {
    const rows = await run(
      `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${settings.keyspace}'`,
    );
    return rows.map((row) => row["table_name"] as string).sort();
  };
  return {
    options,
    run,
    tables,
    async [Symbol.asyncDispose]() {
      await run(`DROP KEYSPACE IF EXISTS ${settings.keyspace}`);
    },
  };
}

describe("migrate", () => {
  beforeAll(() => sharedCassandra(), START_MS);

  it(
    "creates the keyspace and the tables, and does nothing when run again",
    async () => {
      await using test = await setUp();
      const { keyspace } = test.options.settings;
      const done = await migrate(test.options);
      expect(done).toEqual({ keyspace, fromVersion: 0, toVersion: MIGRATIONS.length });
      expect(await test.tables()).toEqual([
        "attempt_journal",
        "dead_letters",
        "migration_lock",
        "partition_leases",
        "queue_settings",
        "schema_versions",
        "task_buckets",
        "tasks",
      ]);
      const again = await migrate(test.options);
      expect(again).toEqual({
        keyspace,
        fromVersion: MIGRATIONS.length,
        toVersion: MIGRATIONS.length,
      });
    },
    START_MS,
  );

  it(
    "is safe when several run at once",
    async () => {
      await using test = await setUp();
      const runs = Array.from({ length: 3 }, () =>
        migrate({ ...test.options, random: newRandom() }),
      );
      const results = await Promise.all(runs);
      // One of them did it, the others waited and found it done.
      expect(results.filter(({ fromVersion }) => fromVersion === 0)).toHaveLength(1);
      await expect(migrate(test.options)).resolves.toMatchObject({
        fromVersion: MIGRATIONS.length,
      });
    },
    START_MS,
  );

  it(
    "goes on where a run that died half way has ended",
    async () => {
      await using test = await setUp();
      const [first] = MIGRATIONS;
      const half: Migration = {
        description: "dies",
        statements: (keyspace) => [...first!.statements(keyspace).slice(0, 2), "NOT CQL"],
      };
      await expect(migrate({ ...test.options, migrations: [half] })).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      expect(await test.tables()).toContain("task_buckets");
      await expect(migrate(test.options)).resolves.toMatchObject({ fromVersion: 0 });
      expect(await test.tables()).toContain("queue_settings");
    },
    START_MS,
  );

  it(
    "refuses a newer schema, for nodes too",
    async () => {
      await using test = await setUp();
      await migrate({ ...test.options, migrations: [...MIGRATIONS, NEXT] });
      const refused = { code: "SETTINGS_INVALID", details: { found: 2, known: 1 } };
      await expect(migrate(test.options)).rejects.toMatchObject(refused);
      await expect(connectCassandra(test.options.settings, test.options)).rejects.toMatchObject(
        refused,
      );
    },
    START_MS,
  );

  it(
    "says what to do when there is no keyspace and no replication",
    async () => {
      await using test = await setUp();
      const { replication: _, ...options } = test.options;
      await expect(migrate(options)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
    },
    START_MS,
  );

  it(
    "lets a node that starts first wait for it",
    async () => {
      await using test = await setUp();
      const refusals: string[] = [];
      const connecting = connectCassandra(test.options.settings, {
        ...test.options,
        onRefused: ({ error }) => refusals.push(error.message),
      });
      while (refusals.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await migrate(test.options);
      await (await connecting).close();
      expect(refusals[0]).toContain("run horae migrate");
    },
    START_MS,
  );
});
