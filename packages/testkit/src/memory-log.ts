import {
  type AppendAck,
  type AppendRequest,
  type Clock,
  fingerprintOf,
  type GroupMembership,
  type GroupView,
  HoraeError,
  LocalGroup,
  type Log,
  type LogBounds,
  type LogReader,
  type LogRecord,
  type QuarantineEntry,
} from "@horae/core";
import { type Intercept, intercepted } from "./intercept.ts";
import { withinBytes } from "./within-bytes.ts";

/** A log in memory. Several nodes of one process may share it; they form one group. */
export class MemoryLog implements Log {
  readonly #clock: Clock;
  readonly #partitions: MemoryPartition[];
  readonly #group: LocalGroup;
  readonly #quarantine = new Map<string, QuarantineEntry>();
  readonly #applied = new Map<number, number>();
  intercept: Intercept | undefined;

  constructor(options: { clock: Clock; partitions: number; intercept?: Intercept }) {
    this.#clock = options.clock;
    this.intercept = options.intercept;
    this.#group = new LocalGroup(options.partitions);
    this.#partitions = Array.from({ length: options.partitions }, () => new MemoryPartition());
  }

  partitionCount(): Promise<number> {
    return Promise.resolve(this.#partitions.length);
  }

  append(request: AppendRequest): Promise<AppendAck> {
    return intercepted(this.intercept, { operation: "append", args: [request] }, () => {
      const { partition, key, value, headers } = request;
      const timestampMs = this.#clock.nowMs();
      const offset = this.#at(partition).append({ partition, key, value, headers, timestampMs });
      return { partition, offset };
    });
  }

  /** Appends a record of any shape, as any producer may. */
  appendRaw(record: Pick<LogRecord, "partition" | "key" | "value"> & Partial<LogRecord>): number {
    const timestampMs = this.#clock.nowMs();
    return this.#at(record.partition).append({ headers: {}, timestampMs, ...record });
  }

  /** What retention does: records below `offset` are gone. */
  dropBelow(position: { partition: number; offset: number }): void {
    this.#at(position.partition).dropBelow(position.offset);
  }

  async join(onView: (view: GroupView) => void): Promise<GroupMembership> {
    return this.#group.join(onView);
  }

  bounds(partition: number): Promise<LogBounds> {
    return intercepted(this.intercept, { operation: "bounds", args: [partition] }, () => {
      const { startOffset, endOffset } = this.#at(partition);
      return { startOffset, endOffset };
    });
  }

  fingerprint(position: { partition: number; offset: number }): Promise<string | null> {
    return intercepted(this.intercept, { operation: "fingerprint", args: [position] }, () => {
      const record = this.#at(position.partition).find(position.offset);
      return record === undefined ? null : fingerprintOf(record);
    });
  }

  openReader(position: { partition: number; fromOffset: number }): LogReader {
    const reader = new MemoryLogReader(this.#at(position.partition), position.fromOffset);
    return {
      read: async (limits) => {
        await this.intercept?.({ operation: "readLog", when: "before", args: [position] });
        return reader.read(limits);
      },
      close: () => reader.close(),
    };
  }

  markApplied(position: { partition: number; offset: number }): Promise<void> {
    return intercepted(this.intercept, { operation: "markApplied", args: [position] }, () => {
      this.#applied.set(position.partition, position.offset);
    });
  }

  applied(partition: number): number | undefined {
    return this.#applied.get(partition);
  }

  quarantine(entry: QuarantineEntry): Promise<void> {
    return intercepted(this.intercept, { operation: "quarantine", args: [entry] }, () => {
      this.#quarantine.set(`${entry.record.partition}/${entry.record.offset}`, entry);
    });
  }

  quarantined(): QuarantineEntry[] {
    return [...this.#quarantine.values()];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #at(partition: number): MemoryPartition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new HoraeError("LOG_UNAVAILABLE", `no partition ${partition}`);
    return found;
  }
}

class MemoryPartition {
  readonly #records: LogRecord[] = [];
  readonly #waiting = new Set<() => void>();
  startOffset = 0;
  endOffset = 0;

  append(record: Omit<LogRecord, "offset">): number {
    const offset = this.endOffset++;
    this.#records.push({ ...record, offset });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return offset;
  }

  find(offset: number): LogRecord | undefined {
    return this.#records[offset - this.startOffset];
  }

  from(offset: number, recordsMax: number): LogRecord[] {
    const at = Math.max(0, offset - this.startOffset);
    return this.#records.slice(at, at + recordsMax);
  }

  dropBelow(offset: number): void {
    const count = Math.max(0, Math.min(offset, this.endOffset) - this.startOffset);
    this.#records.splice(0, count);
    this.startOffset += count;
  }

  whenAppended(wake: () => void): void {
    this.#waiting.add(wake);
  }
}

class MemoryLogReader {
  readonly #partition: MemoryPartition;
  #nextOffset: number;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(partition: MemoryPartition, fromOffset: number) {
    this.#partition = partition;
    this.#nextOffset = fromOffset;
  }

  async read(limits: { recordsMax: number; bytesMax: number }): Promise<readonly LogRecord[]> {
    while (!this.#isClosed) {
      if (this.#nextOffset < this.#partition.startOffset) {
        throw new HoraeError("LOG_GAP", `offset ${this.#nextOffset} is gone`);
      }
      const records = withinBytes(
        this.#partition.from(this.#nextOffset, limits.recordsMax),
        limits.bytesMax,
      );
      if (records.length > 0) {
        this.#nextOffset = records.at(-1)!.offset + 1;
        return records;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#partition.whenAppended(resolve);
      });
    }
    return [];
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    return Promise.resolve();
  }
}
