import type { JournalPosition, JournalRow } from "@horae/core";
import { claimsOf, claimsText, numberOf } from "./rows.ts";
import type { Session } from "./session.ts";
import type { Statements } from "./statements.ts";

/** Table `attempt_journal`: the claims that a partition made together are one row with one cell. */
export class JournalTable {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;

  constructor(queue: string, session: Session, cql: Statements) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = cql;
  }

  async append(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void> {
    const { epoch, sequence, claims } = write.row;
    // Dying here is safe: no handler starts before the answer, and a claim that was written counts.
    await this.#session.write({
      operation: "appendClaims",
      cql: this.#cql.appendClaims,
      values: [
        this.#queue,
        write.partition,
        BigInt(epoch),
        BigInt(sequence),
        claimsText(claims),
        BigInt(write.timestamp),
      ],
    });
  }

  async load(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    const { epoch, sequence } = read.from;
    const rows = await this.#session.read({
      operation: "loadClaims",
      cql: this.#cql.loadClaims,
      values: [this.#queue, read.partition, BigInt(epoch), BigInt(sequence), read.rowsMax],
    });
    return rows.map((row) => ({
      epoch: numberOf(row, "epoch"),
      sequence: numberOf(row, "sequence"),
      claims: claimsOf(row),
    }));
  }

  /** One range tombstone; later ones contain it, and reads start above it. */
  async trim(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    const { epoch, sequence } = write.below;
    const stamp = BigInt(write.timestamp);
    await this.#session.write({
      operation: "trimClaims",
      cql: this.#cql.trimClaims,
      values: [stamp, this.#queue, write.partition, BigInt(epoch), BigInt(sequence)],
    });
  }
}
