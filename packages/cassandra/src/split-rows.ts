/** Rows that one batch holds. */
const ROWS_MAX = 100;
/** Bytes of values that one batch holds: Cassandra refuses batches above 50 KiB, its own overhead included. */
const BYTES_MAX = 32 * 1024;
/** What a row costs beyond its values: column names by number, lengths, timestamps. */
const ROW_OVERHEAD = 64;

/**
 * Splits rows, in their order, into groups that fit into one batch each. A row that is larger than
 * a batch stands alone: it is sent as a statement of its own, which no limit on batches meets.
 */
export function splitRows(rows: readonly (readonly unknown[])[]): (readonly unknown[])[][] {
  const groups: (readonly unknown[])[][] = [];
  let group: (readonly unknown[])[] = [];
  let bytes = 0;
  for (const row of rows) {
    const rowBytes = bytesOf(row);
    if (group.length > 0 && (group.length >= ROWS_MAX || bytes + rowBytes > BYTES_MAX)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(row);
    bytes += rowBytes;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

function bytesOf(row: readonly unknown[]): number {
  let bytes = ROW_OVERHEAD;
  for (const value of row) bytes += typeof value === "string" ? Buffer.byteLength(value) : 8;
  return bytes;
}
