import { HoraeError, repeat } from "@horae/core";
import { type ConnectOptions, openSession } from "./connect.ts";
import { MigrationLock } from "./migration-lock.ts";
import { type Migration, MIGRATIONS } from "./migrations.ts";
import {
  createVersionTable,
  readSchemaVersion,
  refuseNewer,
  writeSchemaVersion,
} from "./schema-version.ts";
import type { Session } from "./session.ts";
import { type CassandraSettings, invalid } from "./settings.ts";

export interface MigrateOptions extends ConnectOptions {
  readonly settings: CassandraSettings;
  /**
   * Replicas per data centre, to create the keyspace with when it is not there: `{ dc1: 3 }`. An
   * existing keyspace is left as it is.
   */
  readonly replication?: Readonly<Record<string, number>>;
  /** For tests: other versions of the schema. */
  readonly migrations?: readonly Migration[];
}

/** Nothing waits for a migration as a lease does: a busy cluster gets its time. */
const PATIENT = { requestTimeoutMs: 30_000, leaseTimeoutMs: 15_000 };

export interface MigrateResult {
  readonly keyspace: string;
  readonly fromVersion: number;
  readonly toVersion: number;
}

/** A busy cluster may fail to answer a transaction in time; each attempt goes on from where the last one came. */
const ATTEMPTS_MAX = 6;

/**
 * Brings the keyspace to the schema of this build. May be run again, by several at once, and after
 * one that died half way; refuses a keyspace that a newer build has migrated.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { random, migrations = MIGRATIONS, settings } = options;
  const limited = { ...options, attemptsMax: ATTEMPTS_MAX };
  const session = await openSession({ ...settings, ...PATIENT }, limited);
  const holder = random.token();
  const toVersion = migrations.length;
  let fromVersion: number | null = null;
  const attempt = async (): Promise<void> => {
    await createKeyspace(session, options.replication);
    const found = await readSchemaVersion(session);
    fromVersion ??= found;
    refuseNewer(session.keyspace, found, toVersion);
    // Most runs find everything done, and need no lock.
    if (found === toVersion) return;
    const lock = await MigrationLock.acquire(session, holder, options.clock);
    try {
      fromVersion = await migrateLocked(session, lock, migrations);
    } finally {
      await lock.release();
    }
  };
  try {
    await repeat(limited, attempt);
    return { keyspace: session.keyspace, fromVersion: fromVersion ?? toVersion, toVersion };
  } finally {
    await session.close();
  }
}

/** The version that was found once the lock was held. */
async function migrateLocked(
  session: Session,
  lock: MigrationLock,
  migrations: readonly Migration[],
): Promise<number> {
  await createVersionTable(session);
  const found = await readSchemaVersion(session);
  refuseNewer(session.keyspace, found, migrations.length);
  for (const [index, migration] of migrations.entries()) {
    if (index < found) continue;
    for (const cql of migration.statements(session.keyspace)) {
      await lock.renew();
      // Dying here is safe: the version is not written yet, and each statement may be repeated.
      await session.define("migrate", cql);
    }
    const { description } = migration;
    await lock.renew();
    await writeSchemaVersion(session, { version: index + 1, description });
  }
  return found;
}

async function createKeyspace(
  session: Session,
  replication: MigrateOptions["replication"],
): Promise<void> {
  const { keyspace } = session;
  const found = await session.readLocal({
    operation: "migrate",
    cql: "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?",
    values: [keyspace],
  });
  if (found.length > 0) return;
  if (replication === undefined) {
    throw new HoraeError(
      "SETTINGS_INVALID",
      `there is no keyspace ${keyspace}: create it, or set cassandra.replication (replicas per data centre)`,
      { details: { keyspace } },
    );
  }
  const replicas = Object.entries(replication).map(([dataCenter, count]) => {
    if (!/^[\w.-]+$/.test(dataCenter) || !Number.isSafeInteger(count) || count < 1) {
      throw invalid("replication", replication, "data centres with 1 or more replicas each");
    }
    return `, '${dataCenter}': ${count}`;
  });
  if (replicas.length === 0) throw invalid("replication", replication, "one or more data centres");
  await session.define(
    "migrate",
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication =
     {'class': 'NetworkTopologyStrategy'${replicas.join("")}}`,
  );
}
