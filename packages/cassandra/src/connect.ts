import { HoraeError, repeat, type RepeatOptions } from "@horae/core";
import { CassandraLeaseStore } from "./cassandra-lease-store.ts";
import { CassandraStore } from "./cassandra-store.ts";
import { DriverConnection, driverErrors } from "./driver.ts";
import { storeError } from "./errors.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { readSchemaVersion, refuseNewer } from "./schema-version.ts";
import { Session } from "./session.ts";
import {
  type CassandraSettings,
  invalid,
  resolveCassandraSettings,
  type ResolvedCassandraSettings,
} from "./settings.ts";
import { statementsOf } from "./statements.ts";

export type ConnectOptions = Omit<RepeatOptions, "isTransient">;

/** A cluster of Cassandra with the schema of this build. */
export class CassandraConnection {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  taskStore(queue: string): CassandraStore {
    return new CassandraStore(queue, this.#session);
  }

  leaseStore(queue: string): CassandraLeaseStore {
    return new CassandraLeaseStore(queue, this.#session);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/**
 * Connects, and waits until the schema is there: a node that starts before Cassandra or before
 * `horae migrate` goes on trying, with back-off, and tells `onRefused`. Once connected the driver
 * reconnects by itself, and prepares its statements on nodes that come back. Throws
 * `SETTINGS_INVALID` for what waiting does not cure, and `STORE_UNAVAILABLE` when `signal` aborts.
 */
export async function connectCassandra(
  settings: CassandraSettings,
  options: ConnectOptions,
): Promise<CassandraConnection> {
  const session = await openSession(settings, options);
  try {
    await repeat(options, () => checkSchema(session));
    // Not in the middle of the first take-over, where it would lengthen a planned move.
    await session.prepare(Object.values(statementsOf(session.keyspace)));
    return new CassandraConnection(session);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Connects, whatever schema there is. */
export async function openSession(
  settings: CassandraSettings,
  options: ConnectOptions,
): Promise<Session> {
  const resolved = resolveCassandraSettings(settings);
  return repeat(options, () => openOnce(resolved));
}

async function openOnce(settings: ResolvedCassandraSettings): Promise<Session> {
  try {
    return new Session(await DriverConnection.open(settings), settings);
  } catch (error) {
    // Only a node can say which data centres there are.
    const wrong = [error, ...innerErrorsOf(error)].find(
      (inner) => inner instanceof driverErrors.ArgumentError,
    );
    if (wrong === undefined) throw storeError(error, "connect", "read");
    throw invalid("localDataCenter", settings.localDataCenter, (wrong as Error).message);
  }
}

function innerErrorsOf(error: unknown): unknown[] {
  if (!(error instanceof driverErrors.NoHostAvailableError)) return [];
  return Object.values(error.innerErrors ?? {});
}

async function checkSchema(session: Session): Promise<void> {
  const { keyspace } = session;
  const found = await readSchemaVersion(session);
  refuseNewer(keyspace, found, SCHEMA_VERSION);
  if (found === SCHEMA_VERSION) return;
  const message = `keyspace ${keyspace} has schema version ${found}, ${SCHEMA_VERSION} is needed: run horae migrate`;
  throw new HoraeError("STORE_UNAVAILABLE", message, { retryable: true });
}
