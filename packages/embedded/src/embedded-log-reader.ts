import { HoraeError, type LogReader, type LogRecord } from "@horae/core";
import type { Environment } from "./environment.ts";
import { readFailed } from "./errors.ts";
import type { LogPartition } from "./log-partition.ts";
import { readRecords } from "./log-rows.ts";

/**
 * Reads a partition of the log from an offset on. It waits by notification: an idle partition
 * costs nothing. Offsets have no gaps here, so a gap means that the log was trimmed under it.
 */
export class EmbeddedLogReader implements LogReader {
  readonly #environment: Environment;
  readonly #partition: number;
  readonly #appends: LogPartition;
  #nextOffset: number;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(options: {
    environment: Environment;
    appends: LogPartition;
    partition: number;
    fromOffset: number;
  }) {
    this.#environment = options.environment;
    this.#appends = options.appends;
    this.#partition = options.partition;
    this.#nextOffset = Math.max(0, options.fromOffset);
  }

  async read(limits: { recordsMax: number; bytesMax: number }): Promise<readonly LogRecord[]> {
    while (!this.#isClosed) {
      // Begins to wait before it looks: what is appended in between is not missed.
      const appended = this.#whenAppended();
      const records = await this.#look(limits);
      if (this.#isClosed) break;
      if (records.length > 0) return this.#taken(records);
      await appended;
    }
    return [];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#appends.forget(this.#wake);
    this.#wake();
  }

  #whenAppended(): Promise<void> {
    this.#appends.forget(this.#wake);
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#appends.whenAppended(resolve);
    });
  }

  async #look(limits: { recordsMax: number; bytesMax: number }): Promise<LogRecord[]> {
    const position = { partition: this.#partition, fromOffset: this.#nextOffset };
    try {
      return await this.#environment.read((tables) => readRecords(tables, position, limits));
    } catch (error) {
      if (this.#isClosed) return [];
      throw readFailed("LOG_UNAVAILABLE", error);
    }
  }

  #taken(records: readonly LogRecord[]): readonly LogRecord[] {
    const { offset } = records[0]!;
    if (offset > this.#nextOffset) {
      const message = `partition ${this.#partition}: offset ${this.#nextOffset} is gone, the log begins at ${offset}`;
      throw new HoraeError("LOG_GAP", message, {
        details: { partition: this.#partition, wanted: this.#nextOffset, startOffset: offset },
      });
    }
    this.#nextOffset = records.at(-1)!.offset + 1;
    return records;
  }
}
