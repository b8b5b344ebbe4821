import { HoraeError } from "@horae/core";
import {
  consistencies,
  type DriverClient,
  type DriverConnection,
  type DriverQueryOptions,
  type DriverRow,
  nextHostOnce,
  noRetry,
} from "./driver.ts";
import { combinedError, type Deed, storeError } from "./errors.ts";
import { RequestLimit } from "./request-limit.ts";
import type { ResolvedCassandraSettings } from "./settings.ts";

export type Row = DriverRow;

export interface Statement {
  /** What it is for, in error messages: the name of the port's method. */
  readonly operation: string;
  readonly cql: string;
  readonly values: readonly unknown[];
}

export interface Batch {
  readonly operation: string;
  readonly cql: string;
  /** The values of each row; all rows are of one bucket. */
  readonly rows: readonly (readonly unknown[])[];
}

/**
 * The ways in which this package talks to Cassandra, one method each, with consistency, time-out
 * and retry said explicitly. Everything it throws is a `HoraeError`.
 */
export class Session {
  readonly #connection: DriverConnection;
  readonly #settings: ResolvedCassandraSettings;
  readonly #limit: RequestLimit;

  constructor(connection: DriverConnection, settings: ResolvedCassandraSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#limit = new RequestLimit(settings.requestsInFlightMax);
  }

  get keyspace(): string {
    return this.#settings.keyspace;
  }

  /** A read that sees every acknowledged write: a quorum of a quorum's writes. */
  read(statement: Statement): Promise<readonly Row[]> {
    return this.#limit.run(() =>
      this.#rowsOf("read", statement, {
        consistency: consistencies.quorum,
        retry: nextHostOnce,
        isIdempotent: true,
        readTimeout: this.#settings.requestTimeoutMs,
      }),
    );
  }

  /** A write; its CQL says `USING TIMESTAMP`, so that repeating it changes nothing. */
  async write(statement: Statement): Promise<void> {
    await this.#limit.run(() => this.#rowsOf("write", statement, this.#writeOptions()));
  }

  /**
   * Rows of one bucket, in one unlogged batch each: Cassandra applies a batch of one bucket as one
   * mutation, whole or not at all. The batches are independent of each other.
   */
  async writeBatches(batches: readonly Batch[]): Promise<void> {
    const results = await Promise.allSettled(batches.map((batch) => this.#writeBatch(batch)));
    const failures = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as HoraeError] : [],
    );
    if (failures.length > 0) throw combinedError(failures, batches.length);
  }

  /** A lightweight transaction; the row it met when it was not applied, else null. */
  async swap(statement: Statement): Promise<{ isApplied: boolean; row: Row | null }> {
    const rows = await this.#rowsOf("swap", statement, {
      consistency: consistencies.quorum,
      serialConsistency: consistencies.serial,
      retry: noRetry,
      isIdempotent: false,
      readTimeout: this.#settings.leaseTimeoutMs,
    });
    const row = rows[0] ?? null;
    return row?.["[applied]"] === true ? { isApplied: true, row: null } : { isApplied: false, row };
  }

  /** A read that sees, or settles, every transaction that began before it. */
  readSerial(statement: Statement): Promise<readonly Row[]> {
    return this.#rowsOf("read", statement, {
      consistency: consistencies.serial,
      retry: nextHostOnce,
      isIdempotent: true,
      readTimeout: this.#settings.leaseTimeoutMs,
    });
  }

  /** A read of what the coordinator knows by itself: its clock, its version. */
  readLocal(statement: Statement): Promise<readonly Row[]> {
    return this.#rowsOf("read", statement, {
      consistency: consistencies.localOne,
      retry: nextHostOnce,
      isIdempotent: true,
      readTimeout: this.#settings.leaseTimeoutMs,
    });
  }

  /**
   * Prepares statements, a few at a time, so that their first use is not slower than the others. One
   * that cannot be prepared now is prepared by its first use, which says what is wrong.
   */
  async prepare(statements: readonly string[]): Promise<void> {
    await Promise.all(
      statements.map((cql) =>
        this.#limit.run(() => this.#connection.prepare(cql)).catch(() => undefined),
      ),
    );
  }

  /** A change of the schema; resolves when all nodes agree on it. */
  async define(operation: string, cql: string): Promise<void> {
    try {
      const result = await this.#client.execute(cql, [], { prepare: false, readTimeout: 60_000 });
      // The driver has waited for it; its types do not say so.
      if ((result.info as { isSchemaInAgreement?: boolean }).isSchemaInAgreement === true) return;
    } catch (error) {
      throw storeError(error, operation, "write");
    }
    throw new HoraeError(
      "STORE_UNKNOWN",
      `${operation}: the nodes do not agree on the schema yet`,
      {
        certain: false,
        retryable: true,
      },
    );
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  get #client(): DriverClient {
    return this.#connection.client;
  }

  async #writeBatch(batch: Batch): Promise<void> {
    const { operation, cql, rows } = batch;
    if (rows.length === 1) return this.write({ operation, cql, values: rows[0]! });
    const queries = rows.map((values) => ({ query: cql, params: values as unknown[] }));
    return this.#limit.run(async () => {
      try {
        await this.#client.batch(queries, { ...this.#writeOptions(), logged: false });
      } catch (error) {
        throw storeError(error, operation, "write");
      }
    });
  }

  #writeOptions(): DriverQueryOptions {
    return {
      prepare: true,
      consistency: consistencies.quorum,
      retry: noRetry,
      isIdempotent: true,
      readTimeout: this.#settings.requestTimeoutMs,
    };
  }

  async #rowsOf(
    deed: Deed,
    { operation, cql, values }: Statement,
    options: DriverQueryOptions,
  ): Promise<readonly Row[]> {
    try {
      // No paging: every statement says how many rows it takes.
      const all = { prepare: true, fetchSize: 0, ...options };
      const result = await this.#client.execute(cql, values as unknown[], all);
      return result.rows ?? [];
    } catch (error) {
      throw storeError(error, operation, deed);
    }
  }
}
