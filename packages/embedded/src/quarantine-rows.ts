import type { ListedRecord, QuarantineEntry, QuarantinePosition } from "@horae/core";
import { numberOf, numbersKey, partitionRange } from "./key-bytes.ts";
import { recordOf } from "./log-rows.ts";
import type { Tables } from "./tables.ts";

/** Keeps a record, unless it is there: a second time says nothing new. */
export function putQuarantined(
  { quarantine }: Tables,
  entry: QuarantineEntry,
  nowMs: number,
): void {
  const { record, reason, message } = entry;
  const { partition, offset, timestampMs, key, value, headers } = record;
  const at = numbersKey(partition, offset);
  if (quarantine.get(at) !== undefined) return;
  quarantine.put(at, [timestampMs, key, value, headers, reason, message, nowMs, false]);
}

/** Quarantined records of a partition from an offset on. */
export function quarantinedRecords(
  { quarantine }: Tables,
  read: { partition: number; fromOffset: number; rowsMax: number },
): ListedRecord[] {
  const { partition, fromOffset, rowsMax } = read;
  const range = { ...partitionRange(partition), from: numbersKey(partition, fromOffset) };
  return quarantine.range(range, rowsMax).map(({ key: at, row }) => {
    const [timestampMs, key, value, headers, reason, message, quarantinedAtMs, isReplayed] = row;
    return {
      ...recordOf([timestampMs, key, value, headers], partition, numberOf(at, 0)),
      reason,
      message,
      quarantinedAtMs: quarantinedAtMs ?? timestampMs,
      isReplayed: isReplayed ?? false,
      cut: null,
    };
  });
}

export function markReplayed({ quarantine }: Tables, position: QuarantinePosition): void {
  const at = numbersKey(position.partition, position.offset);
  const row = quarantine.get(at);
  if (row === undefined) return;
  const [timestampMs, key, value, headers, reason, message, quarantinedAtMs] = row;
  quarantine.put(at, [
    timestampMs,
    key,
    value,
    headers,
    reason,
    message,
    quarantinedAtMs ?? timestampMs,
    true,
  ]);
}
