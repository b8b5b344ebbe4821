import { HoraeError, type LogReader, type LogRecord } from "@horae/core";
import { withinBytes } from "../within-bytes.ts";
import type { SimHost } from "./exchange.ts";
import { away, type LogCluster } from "./sim-log.ts";
import type { SimProcess } from "./sim-process.ts";

export interface SimLogReaderOptions {
  readonly cluster: LogCluster;
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly partition: number;
  readonly fromOffset: number;
}

interface Settle {
  resolve(records: readonly LogRecord[]): void;
  reject(error: Error): void;
}

/** Reads one partition for one process: late, in pieces, and not at all while the log is away. */
export class SimLogReader implements LogReader {
  readonly #options: SimLogReaderOptions;
  #nextOffset: number;
  #isClosed = false;
  #pending: Settle | null = null;

  constructor(options: SimLogReaderOptions) {
    this.#options = options;
    this.#nextOffset = options.fromOffset;
  }

  read(limits: { recordsMax: number; bytesMax: number }): Promise<readonly LogRecord[]> {
    return this.#options.process.call<readonly LogRecord[]>((settle) => {
      if (this.#isClosed) {
        settle.resolve([]);
        return;
      }
      this.#pending = settle;
      this.#look(settle, limits);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#end(this.#pending, (pending) => pending.resolve([]));
  }

  /** Fetches after a while; waits for the next record where there is none. */
  #look(settle: Settle, limits: { recordsMax: number; bytesMax: number }): void {
    const { cluster, host, process, partition } = this.#options;
    const { exchanges, world } = cluster;
    const at = cluster.at(partition);
    world.after(exchanges.delayMs() * 2, () => {
      if (this.#pending !== settle || process.isOver) return;
      const isCut = exchanges.isCut(host, "to") || exchanges.isCut(host, "from");
      if (isCut || cluster.isAway(partition)) {
        world.after(exchanges.timeoutMs, () =>
          this.#end(settle, (pending) => pending.reject(away("read"))),
        );
      } else if (this.#nextOffset < at.startOffset || this.#nextOffset > at.endOffset) {
        const message = `offset ${this.#nextOffset} is not there`;
        this.#end(settle, (pending) => pending.reject(new HoraeError("LOG_GAP", message)));
      } else {
        const records = this.#fetch(limits);
        if (records.length === 0) at.whenChanged(() => this.#look(settle, limits));
        else {
          this.#nextOffset = records.at(-1)!.offset + 1;
          this.#end(settle, (pending) => pending.resolve(records));
        }
      }
    });
  }

  /** Any number of those that there are, within the limits; one at the least. */
  #fetch({ recordsMax, bytesMax }: { recordsMax: number; bytesMax: number }): LogRecord[] {
    const { cluster, partition } = this.#options;
    const found = cluster.at(partition).from(this.#nextOffset, recordsMax);
    const count = Math.ceil(found.length * Math.min(1, cluster.draw() * 2));
    return withinBytes(found.slice(0, count), bytesMax);
  }

  #end(settle: Settle | null, how: (pending: Settle) => void): void {
    if (settle === null || this.#pending !== settle) return;
    this.#pending = null;
    how(settle);
  }
}
