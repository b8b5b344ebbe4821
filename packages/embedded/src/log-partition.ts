import type { Environment } from "./environment.ts";
import { type NewRecord, nextOffset, putRecord } from "./log-rows.ts";
import type { Tables } from "./tables.ts";

/**
 * What the process remembers of one partition of the log, shared by all that have the directory
 * open: the next offset, and who waits for a record. Offsets grow by one and are never given twice:
 * what is remembered counts only as long as no commit has failed since it was read.
 */
export class LogPartition {
  readonly #environment: Environment;
  #next: { readonly offset: number; readonly failures: number } | null = null;
  readonly #readers = new Set<() => void>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Puts a record behind the last one, inside a transaction. */
  put(tables: Tables, record: NewRecord): number {
    const { failures } = this.#environment;
    const offset =
      this.#next?.failures === failures ? this.#next.offset : nextOffset(tables, record.partition);
    putRecord(tables, record, offset);
    this.#next = { offset: offset + 1, failures };
    return offset;
  }

  /** A record has been committed. */
  wakeReaders(): void {
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const wake of readers) wake();
  }

  /** Calls `wake` once, when the next record has been committed or `cancel` is called. */
  whenAppended(wake: () => void): void {
    this.#readers.add(wake);
  }

  forget(wake: () => void): void {
    this.#readers.delete(wake);
  }
}
