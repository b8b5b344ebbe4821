import type { Log, LogReader, LogRecord, QuarantineEntry, RecordHeaders } from "@horae/core";

/** A log that is empty, or whose records nobody else reads or writes. */
export interface LogUnderTest {
  readonly log: Log;
  /** The log as a second node sees it, in the same group; `log` itself where that may join twice. */
  readonly otherLog: Log;
  /** What has been put into quarantine, once per partition and offset. */
  quarantined(partition: number): Promise<readonly QuarantineEntry[]>;
  /** Removes the records below an offset, as retention does; resolves when they are gone. */
  dropBelow(position: { partition: number; offset: number }): Promise<void>;
  /** Appends what only other producers write: a record without key or value. */
  appendRaw(record: Pick<LogRecord, "partition" | "key" | "value">): Promise<number>;
  /** Where the log has a limit: the size above which it refuses a record, bytes. */
  readonly recordBytesMax?: number;
}

/** More than any test has. */
export const LIMITS = { recordsMax: 1_000, bytesMax: 10_000_000 };

/** The log of a suite and the readers that a test has opened. */
export class LogBench {
  #underTest: LogUnderTest | null = null;
  readonly #readers: LogReader[] = [];

  use(underTest: LogUnderTest): void {
    this.#underTest = underTest;
  }

  get underTest(): LogUnderTest {
    return this.#underTest!;
  }

  get log(): Log {
    return this.underTest.log;
  }

  reader(partition: number, fromOffset: number): LogReader {
    const reader = this.log.openReader({ partition, fromOffset });
    this.#readers.push(reader);
    return reader;
  }

  async closeReaders(): Promise<void> {
    for (const reader of this.#readers.splice(0)) await reader.close();
  }

  /** Appends to partition 0; answers the offset. */
  async append(value: string, headers: RecordHeaders = {}): Promise<number> {
    const request = { partition: 0, key: bytes("customer-42"), value: bytes(value), headers };
    return (await this.log.append(request)).offset;
  }

  async appendAll(values: readonly string[]): Promise<number[]> {
    const offsets: number[] = [];
    for (const value of values) offsets.push(await this.append(value));
    return offsets;
  }
}

/** Reads until there are so many records. */
export async function readSome(reader: LogReader, count: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  while (records.length < count) {
    const read = await reader.read({ recordsMax: count - records.length, bytesMax: 10_000_000 });
    if (read.length === 0) throw new Error("the reader ended");
    records.push(...read);
  }
  const offsets = records.map(({ offset }) => offset);
  expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
  return records;
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function text(value: Uint8Array | null): string | null {
  return value === null ? null : new TextDecoder().decode(value);
}

export function hex(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value).toString("hex");
}
