import type { RecordHeaders } from "../log-record.ts";

/** Where a record stood on the log: what identifies it in the quarantine. */
export interface QuarantinePosition {
  readonly partition: number;
  readonly offset: number;
}

/** A bad record as the quarantine keeps it. */
export interface QuarantinedRecord extends QuarantinePosition {
  readonly reason: string;
  readonly message: string;
  /** When the log took the record, and when the quarantine did; epoch milliseconds. */
  readonly timestampMs: number;
  readonly quarantinedAtMs: number;
  /** The original bytes and headers. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Length and hash of the whole value when only its beginning was kept; it cannot be replayed. */
  readonly cut: { readonly length: number; readonly sha256: string } | null;
}

export interface QuarantineFilter {
  /** Only records with this reason. */
  readonly reason?: string;
  /** Only these records. */
  readonly positions?: readonly QuarantinePosition[];
}

export interface ListedRecord extends QuarantinedRecord {
  /** Was it appended to the queue again? If it was still bad, it is here once more. */
  readonly isReplayed: boolean;
}

export interface ReplayResult {
  readonly replayed: number;
  /** Left out, because only their beginning was kept. */
  readonly cut: readonly QuarantinePosition[];
}

/** For people: what is in a queue's quarantine, and appending it again. */
export interface Quarantine {
  /** The records that are kept, each once. Throws `LOG_UNAVAILABLE` or `STORE_UNAVAILABLE`. */
  list(filter?: QuarantineFilter): AsyncIterable<ListedRecord>;
  /**
   * Appends the original bytes of the records again that were not replayed yet, to the partition that
   * their key belongs to. Throws what an append throws; what was replayed until then stays so.
   */
  replay(filter?: QuarantineFilter): Promise<ReplayResult>;
  close(): Promise<void>;
}
