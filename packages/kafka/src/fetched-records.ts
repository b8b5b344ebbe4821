import type { LogRecord } from "@horae/core";
import type { FetchedPartition, IncomingMessage } from "./broker.ts";
import { headersAsText, keepRawHeaders } from "./raw-headers.ts";

export interface FetchedRecords {
  readonly records: LogRecord[];
  /** Where the next fetch goes on; higher than after the last record when others were left out. */
  readonly nextOffset: number;
}

/**
 * The records of a fetched partition from `fetchOffset` on. A broker gives whole batches, so lower
 * ones may come first. Marks of transactions and records of aborted ones are left out: nobody
 * scheduled what was aborted.
 */
export function fetchedRecords(fetched: FetchedPartition, fetchOffset: number): FetchedRecords {
  const isAborted = abortedTest(fetched.abortedTransactions ?? []);
  const records: LogRecord[] = [];
  let nextOffset = fetchOffset;
  for (const message of fetched.messages) {
    const offset = Number(message.offset);
    const isLeftOut = isAborted(message, offset);
    if (offset < fetchOffset) continue;
    nextOffset = offset + 1;
    if (!isLeftOut) records.push(recordOf(fetched.partition, offset, message));
  }
  return { records, nextOffset };
}

function recordOf(partition: number, offset: number, message: IncomingMessage): LogRecord {
  const record: LogRecord = {
    partition,
    offset,
    key: message.key,
    value: message.value,
    headers: headersAsText(message.headers),
    timestampMs: Number(message.timestamp),
  };
  keepRawHeaders(record, message.headers);
  return record;
}

type Test = (message: IncomingMessage, offset: number) => boolean;

/** An aborted transaction of a producer reaches from its first offset to the producer's next mark. */
function abortedTest(aborted: readonly { producerId: string; firstOffset: string }[]): Test {
  const starts = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<string>();
  let next = 0;
  return ({ batchContext, isControlRecord = false }, offset) => {
    for (; next < starts.length && starts[next]!.firstOffset <= offset; next++) {
      open.add(starts[next]!.producerId);
    }
    const producerId = batchContext?.producerId ?? "";
    if (isControlRecord) open.delete(producerId);
    return isControlRecord || (batchContext?.inTransaction === true && open.has(producerId));
  };
}
