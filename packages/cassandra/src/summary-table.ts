import type { BucketSummary, IndexedSummary } from "@horae/core";
import { numberOf, summaryOf, summaryText } from "./rows.ts";
import type { Session } from "./session.ts";
import type { Statements } from "./statements.ts";

interface OfBucket {
  readonly partition: number;
  readonly bucket: number;
}

/** Table `task_buckets`: the summary of each bucket, one cell, so that two summaries never merge. */
export class SummaryTable {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;

  constructor(queue: string, session: Session, cql: Statements) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = cql;
  }

  async load(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]> {
    const toBucket = read.toBucket ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.#session.read({
      operation: "loadSummaries",
      cql: this.#cql.loadSummaries,
      values: [
        this.#queue,
        read.partition,
        BigInt(read.fromBucket),
        BigInt(toBucket),
        read.rowsMax,
      ],
    });
    return rows.map((row) => ({ bucket: numberOf(row, "bucket"), summary: summaryOf(row) }));
  }

  async find({ partition, bucket }: OfBucket): Promise<BucketSummary | null> {
    const rows = await this.#session.read({
      operation: "findSummary",
      cql: this.#cql.findSummary,
      values: [this.#queue, partition, BigInt(bucket)],
    });
    return rows[0] === undefined ? null : summaryOf(rows[0]);
  }

  async write(write: OfBucket & { timestamp: number; summary: BucketSummary }): Promise<void> {
    const { partition, bucket, timestamp, summary } = write;
    // Dying here is safe: the summary is the old or the new one, and either covers what is acknowledged.
    await this.#session.write({
      operation: "writeSummary",
      cql: this.#cql.writeSummary,
      values: [this.#queue, partition, BigInt(bucket), summaryText(summary), BigInt(timestamp)],
    });
  }

  async delete({ partition, bucket, timestamp }: OfBucket & { timestamp: number }): Promise<void> {
    await this.#session.write({
      operation: "deleteSummary",
      cql: this.#cql.deleteSummary,
      values: [BigInt(timestamp), this.#queue, partition, BigInt(bucket)],
    });
  }
}
