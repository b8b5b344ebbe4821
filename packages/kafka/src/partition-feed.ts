import { assert, type HoraeError, type LogReader, type LogRecord } from "@horae/core";

export interface ReadLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

export interface PartitionFeedOptions {
  readonly partition: number;
  readonly fromOffset: number;
  /** Above either of them nothing more is fetched until the reader has taken some. */
  readonly bufferMax: ReadLimits;
  /** Called when the feed may want to be fetched for again, and when it is closed. */
  readonly onChange: (feed: PartitionFeed) => void;
}

/**
 * One reader of one partition: what was fetched ahead for it, and whether it wants more. It knows
 * nothing of brokers. `open` -> `ended` (the log has a gap) -> `closed`.
 */
export class PartitionFeed implements LogReader {
  readonly partition: number;
  readonly #options: PartitionFeedOptions;
  /** Fetched and not taken yet, in offset order. */
  #records: LogRecord[] = [];
  /** Of keys and values in `#records`. */
  #bytes = 0;
  /** Offset that is to be fetched next. */
  #fetchOffset: number;
  #waiting: {
    readonly limits: ReadLimits;
    readonly resolve: (records: readonly LogRecord[]) => void;
    readonly reject: (error: HoraeError) => void;
  } | null = null;
  #end: HoraeError | null = null;
  #isClosed = false;
  /** Is it part of a fetch that is under way? */
  isFetching = false;
  /** True after a fetch of several partitions could not be read: it is fetched by itself. */
  isAlone = false;
  /** Fetches that failed since the last one that did not. */
  failures = 0;
  failingSinceMs: number | null = null;
  /** Not fetched for before this moment (monotonic). */
  notBeforeMs = 0;

  constructor(options: PartitionFeedOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.#fetchOffset = options.fromOffset;
  }

  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  /** Is there room for what a fetch brings? */
  get isHungry(): boolean {
    if (this.#isClosed || this.#end !== null) return false;
    const { recordsMax, bytesMax } = this.#options.bufferMax;
    return this.#bytes < bytesMax && this.#records.length < recordsMax;
  }

  read(limits: ReadLimits): Promise<readonly LogRecord[]> {
    assert(this.#waiting === null, "a reader is read by one caller at a time");
    if (this.#isClosed) return Promise.resolve([]);
    if (this.#records.length > 0) return Promise.resolve(this.#take(limits));
    if (this.#end !== null) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting = { limits, resolve, reject };
    });
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#records = [];
      this.#bytes = 0;
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve([]);
      this.#options.onChange(this);
    }
    return Promise.resolve();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What a fetch from `fetchOffset` brought. */
  deliver(records: readonly LogRecord[], nextOffset: number): void {
    this.failures = 0;
    this.failingSinceMs = null;
    this.isAlone = false;
    if (this.#isClosed) return;
    this.#fetchOffset = nextOffset;
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += bytesOf(record);
    }
    const waiting = this.#waiting;
    if (waiting === null || records.length === 0) return;
    this.#waiting = null;
    waiting.resolve(this.#take(waiting.limits));
  }

  /** Tells whoever waits that the log is not available; reading goes on. */
  fail(error: HoraeError): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }

  /** Nothing follows what has been delivered. */
  end(error: HoraeError): void {
    this.#end ??= error;
    this.fail(error);
  }

  /** At least one record, so that one above the limit does not stop the partition. */
  #take({ recordsMax, bytesMax }: ReadLimits): LogRecord[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#records) {
      const next = bytesOf(record);
      if (count === recordsMax || (count > 0 && bytes + next > bytesMax)) break;
      bytes += next;
      count++;
    }
    this.#bytes -= bytes;
    const taken = this.#records.splice(0, count);
    if (this.isHungry) this.#options.onChange(this);
    return taken;
  }
}

function bytesOf({ key, value }: LogRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
