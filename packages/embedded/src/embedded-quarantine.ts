import {
  type ListedRecord,
  partitionOfBytes,
  type Quarantine,
  type QuarantineFilter,
  type QuarantinePosition,
  type ReplayResult,
} from "@horae/core";
import type { EmbeddedLog } from "./embedded-log.ts";
import { readFailed } from "./errors.ts";
import { markReplayed, quarantinedRecords } from "./quarantine-rows.ts";
import type { SharedDirectory } from "./shared-directory.ts";

const ROWS_AT_ONCE = 100;

/** The quarantine of a directory, by partition and offset. */
export class EmbeddedQuarantine implements Quarantine {
  readonly #shared: SharedDirectory;
  readonly #log: EmbeddedLog;

  constructor(options: { shared: SharedDirectory; log: EmbeddedLog }) {
    this.#shared = options.shared;
    this.#log = options.log;
  }

  async *list(filter: QuarantineFilter = {}): AsyncGenerator<ListedRecord, void, undefined> {
    const wanted = filter.positions && new Set(filter.positions.map(nameOf));
    for (let partition = 0; partition < this.#shared.queue.partitions; partition++) {
      for (let fromOffset = 0; ;) {
        const found = await this.#read({ partition, fromOffset, rowsMax: ROWS_AT_ONCE });
        for (const record of found) {
          if (wanted && !wanted.has(nameOf(record))) continue;
          if (filter.reason !== undefined && record.reason !== filter.reason) continue;
          yield record;
        }
        const last = found.at(-1);
        if (last === undefined || found.length < ROWS_AT_ONCE) break;
        fromOffset = last.offset + 1;
      }
    }
  }

  async replay(filter: QuarantineFilter = {}): Promise<ReplayResult> {
    const cut: QuarantinePosition[] = [];
    let replayed = 0;
    for await (const record of this.list(filter)) {
      const { key, value, headers, partition, offset } = record;
      if (record.isReplayed) continue;
      if (key === null || value === null) {
        // No append takes it as it was.
        cut.push({ partition, offset });
        continue;
      }
      const to = partitionOfBytes(key, this.#shared.queue.partitions);
      await this.#log.append({ partition: to, key, value, headers });
      // Dying here: it will be replayed again, and the task key dedupes.
      await this.#mark({ partition, offset });
      replayed++;
    }
    return { replayed, cut };
  }

  /** The directory is closed by who has opened it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #read(read: {
    partition: number;
    fromOffset: number;
    rowsMax: number;
  }): Promise<ListedRecord[]> {
    try {
      return await this.#shared.environment.read((tables) => quarantinedRecords(tables, read));
    } catch (error) {
      throw readFailed("STORE_UNAVAILABLE", error);
    }
  }

  async #mark(position: QuarantinePosition): Promise<void> {
    await this.#shared.environment.write({
      writer: "store",
      rows: 1,
      bytes: 0,
      apply: (tables) => markReplayed(tables, position),
    });
  }
}

function nameOf({ partition, offset }: QuarantinePosition): string {
  return `${partition}/${offset}`;
}
