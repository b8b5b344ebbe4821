import { type Clock, encodeUtf8, hasCode, HoraeError, murmur2, sleep } from "@horae/core";
import type { Session } from "./session.ts";

/** A holder that died frees the lock after this time. */
const LIFE_S = 60;
const LOOK_MS = 250;
const WAIT_MAX_MS = 5 * 60_000;

/**
 * The right to change the schema of one keyspace, so that two `horae migrate` at once do one
 * after the other: nodes of Cassandra that create the same table at the same time end up with two.
 */
export class MigrationLock {
  readonly #session: Session;
  readonly #holder: string;

  private constructor(session: Session, holder: string) {
    this.#session = session;
    this.#holder = holder;
  }

  /** Waits for its turn. `holder` is unique. */
  static async acquire(session: Session, holder: string, clock: Clock): Promise<MigrationLock> {
    // The lock's own table is created without a lock: with its id given, two creations are the same.
    await session.define(
      "migrate",
      `CREATE TABLE IF NOT EXISTS ${session.keyspace}.migration_lock (name text PRIMARY KEY, holder text)
       WITH id = '${tableId(session.keyspace)}'`,
    );
    const lock = new MigrationLock(session, holder);
    const startMs = clock.monotonicMs();
    while (!(await lock.#take())) {
      if (clock.monotonicMs() - startMs > WAIT_MAX_MS) {
        throw new HoraeError("STORE_UNAVAILABLE", "another migration holds the lock for too long", {
          retryable: true,
        });
      }
      await sleep(clock, LOOK_MS);
    }
    return lock;
  }

  /** Before each step: goes on holding, or throws because it took too long and another one may work. */
  async renew(): Promise<void> {
    const isHeld = await this.#change(
      `UPDATE ${this.#table} USING TTL ${LIFE_S} SET holder = ? WHERE name = 'store' IF holder = ?`,
      [this.#holder, this.#holder],
    );
    if (isHeld) return;
    throw new HoraeError("STORE_UNAVAILABLE", "the migration lost its lock: run it again", {
      retryable: true,
    });
  }

  /** Never throws: a lock that could not be freed frees itself. */
  async release(): Promise<void> {
    const cql = `DELETE FROM ${this.#table} WHERE name = 'store' IF holder = ?`;
    await this.#change(cql, [this.#holder]).catch(() => undefined);
  }

  #take(): Promise<boolean> {
    return this.#change(
      `INSERT INTO ${this.#table} (name, holder) VALUES ('store', ?) IF NOT EXISTS USING TTL ${LIFE_S}`,
      [this.#holder],
    );
  }

  /** True when the lock is this holder's afterwards, or was freed by it. */
  async #change(cql: string, values: readonly unknown[]): Promise<boolean> {
    try {
      const { isApplied, row } = await this.#session.swap({ operation: "migrate", cql, values });
      // An attempt whose answer was lost may have taken it before.
      return isApplied || row?.["holder"] === this.#holder;
    } catch (error) {
      if (!hasCode(error, "STORE_UNKNOWN")) throw error;
    }
    // Unknown: a serial read settles it.
    const rows = await this.#session.readSerial({
      operation: "migrate",
      cql: `SELECT holder FROM ${this.#table} WHERE name = 'store'`,
      values: [],
    });
    return rows[0]?.["holder"] === this.#holder;
  }

  get #table(): string {
    return `${this.#session.keyspace}.migration_lock`;
  }
}

/** The same for everybody, another one for each keyspace; in the form of a UUID. */
export function tableId(keyspace: string): string {
  const word = (part: number): string => {
    const hash = murmur2(encodeUtf8(`${keyspace}.migration_lock/${part}`));
    return (hash >>> 0).toString(16).padStart(8, "0");
  };
  const hex = [0, 1, 2, 3].map(word).join("");
  const [a, b, c, d, e] = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ].map(([start, end]) => hex.slice(start, end));
  return `${a}-${b}-4${c}-8${d}-${e}`;
}
