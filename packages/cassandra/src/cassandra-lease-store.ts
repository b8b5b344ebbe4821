import type { Lease, LeaseStore, LeaseSwap } from "@horae/core";
import { leaseOf, leaseValues, numberOf } from "./rows.ts";
import type { Session } from "./session.ts";
import { statementsOf, type Statements } from "./statements.ts";

/**
 * The leases of one queue: lightweight transactions and nothing else, serial over all data
 * centres. Two of them never lose each other's change, and no clock decides.
 */
export class CassandraLeaseStore implements LeaseStore {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;

  constructor(queue: string, session: Session) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = statementsOf(session.keyspace);
  }

  async read(partition: number): Promise<Lease | null> {
    const rows = await this.#session.readSerial({
      operation: "readLease",
      cql: this.#cql.readLease,
      values: [this.#queue, partition],
    });
    return rows[0] === undefined ? null : leaseOf(rows[0]);
  }

  async compareAndSet({ partition, expected, lease }: LeaseSwap): Promise<boolean> {
    const values = [...leaseValues(lease), this.#queue, partition];
    // Dying here is safe: the row is as it was, or as asked for, whole.
    const { isApplied } = await this.#session.swap(
      expected === null
        ? { operation: "createLease", cql: this.#cql.createLease, values }
        : {
            operation: "changeLease",
            cql: this.#cql.changeLease,
            values: [...values, BigInt(expected.epoch), BigInt(expected.renewal)],
          },
    );
    return isApplied;
  }

  async nowMs(): Promise<number> {
    const rows = await this.#session.readLocal({
      operation: "nowMs",
      cql: this.#cql.clock,
      values: [],
    });
    return numberOf(rows[0]!, "now");
  }
}
