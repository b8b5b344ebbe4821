import {
  type AppendAck,
  type AppendRequest,
  type Clock,
  fingerprintOf,
  type GroupMembership,
  type GroupView,
  HoraeError,
  type Log,
  type LogBounds,
  type LogReader,
  type QuarantineEntry,
} from "@horae/core";
import { EmbeddedLogReader } from "./embedded-log-reader.ts";
import { appendFailed, readFailed } from "./errors.ts";
import type { LogPartition } from "./log-partition.ts";
import { boundsOf, findRecord } from "./log-rows.ts";
import { putQuarantined } from "./quarantine-rows.ts";
import type { SharedDirectory } from "./shared-directory.ts";
import type { Tables } from "./tables.ts";

/** Largest record, key and value and headers together: what a Kafka broker takes by default. */
export const RECORD_BYTES_MAX = 1_000_000;

/**
 * The log of a directory, for one of those that have opened it. Its records lie in the same file as
 * the rows, so that an append and the writes of the engine share a sync. All that have the directory
 * open in this process form one group.
 */
export class EmbeddedLog implements Log {
  readonly #shared: SharedDirectory;
  readonly #clock: Clock;
  readonly #readers = new Set<LogReader>();
  readonly #memberships = new Set<GroupMembership>();
  #isClosed = false;

  constructor(options: { shared: SharedDirectory; clock: Clock }) {
    this.#shared = options.shared;
    this.#clock = options.clock;
  }

  async partitionCount(): Promise<number> {
    return this.#shared.queue.partitions;
  }

  async append(request: AppendRequest): Promise<AppendAck> {
    const { partition, key, value, headers } = request;
    const bytes = sizeOf(request);
    const appends = this.#at(partition);
    if (bytes > RECORD_BYTES_MAX) {
      const message = `a record of ${bytes} bytes; at most ${RECORD_BYTES_MAX} are allowed`;
      throw new HoraeError("RECORD_TOO_LARGE", message, { details: { bytes, partition } });
    }
    const timestampMs = this.#clock.nowMs();
    const record = { partition, key, value, headers, timestampMs };
    try {
      // Dying before the commit: nobody was told. Dying after it: the record is there.
      const offset = await this.#shared.environment.write({
        writer: "log",
        rows: 1,
        bytes,
        apply: (tables) => appends.put(tables, record),
      });
      appends.wakeReaders();
      return { partition, offset };
    } catch (error) {
      throw appendFailed(error);
    }
  }

  async join(onView: (view: GroupView) => void): Promise<GroupMembership> {
    this.#checkOpen();
    const membership = this.#shared.group.join(onView);
    this.#memberships.add(membership);
    return {
      leave: () => {
        this.#memberships.delete(membership);
        return membership.leave();
      },
    };
  }

  async bounds(partition: number): Promise<LogBounds> {
    this.#at(partition);
    return this.#read((tables) => boundsOf(tables, partition));
  }

  async fingerprint(position: { partition: number; offset: number }): Promise<string | null> {
    this.#at(position.partition);
    const record = await this.#read((tables) => findRecord(tables, position));
    return record === null ? null : fingerprintOf(record);
  }

  openReader({ partition, fromOffset }: { partition: number; fromOffset: number }): LogReader {
    const appends = this.#at(partition);
    const { environment } = this.#shared;
    const reader = new EmbeddedLogReader({ environment, appends, partition, fromOffset });
    this.#readers.add(reader);
    return {
      read: (limits) => reader.read(limits),
      close: () => {
        this.#readers.delete(reader);
        return reader.close();
      },
    };
  }

  async markApplied(position: { partition: number; offset: number }): Promise<void> {
    this.#at(position.partition);
    try {
      await this.#shared.trimmer.trim(position);
    } catch (error) {
      throw readFailed("LOG_UNAVAILABLE", error);
    }
  }

  async quarantine(entry: QuarantineEntry): Promise<void> {
    this.#checkOpen();
    const bytes = sizeOf(entry.record);
    const nowMs = this.#clock.nowMs();
    try {
      // Dying before the checkpoint that follows it quarantines the record again, in the same place.
      await this.#shared.environment.write({
        writer: "store",
        rows: 1,
        bytes,
        apply: (tables) => putQuarantined(tables, entry, nowMs),
      });
    } catch (error) {
      throw appendFailed(error);
    }
  }

  /** Ends its readers and memberships; the directory stays open for the others. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const readers = [...this.#readers];
    const memberships = [...this.#memberships];
    this.#readers.clear();
    this.#memberships.clear();
    for (const reader of readers) await reader.close();
    for (const membership of memberships) await membership.leave();
  }

  async #read<T>(look: (tables: Tables) => T): Promise<T> {
    this.#checkOpen();
    try {
      return await this.#shared.environment.read(look);
    } catch (error) {
      throw readFailed("LOG_UNAVAILABLE", error);
    }
  }

  #at(partition: number): LogPartition {
    this.#checkOpen();
    const found = this.#shared.partitions[partition];
    if (found !== undefined) return found;
    throw new HoraeError("LOG_UNAVAILABLE", `there is no partition ${partition}`);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HoraeError("LOG_UNAVAILABLE", "the log is closed");
  }
}

function sizeOf(record: {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of Object.entries(record.headers)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}
