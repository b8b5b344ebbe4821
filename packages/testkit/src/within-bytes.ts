import type { LogRecord } from "@horae/core";

/** At least one record, so that one above the limit does not stop the partition. */
export function withinBytes(records: LogRecord[], bytesMax: number): LogRecord[] {
  let bytes = 0;
  const cut = records.findIndex((record, index) => {
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    return index > 0 && bytes > bytesMax;
  });
  return cut < 0 ? records : records.slice(0, cut);
}
