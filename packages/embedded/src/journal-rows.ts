import { compareJournalPositions, type JournalPosition, type JournalRow } from "@horae/core";
import { numberOf, numbersKey, partitionRange } from "./key-bytes.ts";
import type { Tables } from "./tables.ts";

/** Within a transaction. */
export function appendClaims(
  { journal, journalTrims }: Tables,
  write: { partition: number; timestamp: number; row: JournalRow },
): void {
  const { partition, timestamp, row } = write;
  const trim = journalTrims.get(numbersKey(partition));
  if (trim !== undefined && timestamp <= trim[0] && compareJournalPositions(row, below(trim)) < 0) {
    return;
  }
  const key = numbersKey(partition, row.epoch, row.sequence);
  const present = journal.get(key);
  if (present !== undefined && present[0] > timestamp) return;
  journal.put(key, [timestamp, row.claims]);
}

export function loadClaims(
  { journal }: Tables,
  read: { partition: number; from: JournalPosition; rowsMax: number },
): JournalRow[] {
  const { partition, from, rowsMax } = read;
  const range = {
    ...partitionRange(partition),
    from: numbersKey(partition, from.epoch, from.sequence),
  };
  return journal.range(range, rowsMax).map(({ key, row: [, claims] }) => ({
    epoch: numberOf(key, 0),
    sequence: numberOf(key, 1),
    claims,
  }));
}

/** Within a transaction. A row below the position that is not newer is refused from now on. */
export function markTrimmed(
  { journalTrims }: Tables,
  write: { partition: number; timestamp: number; below: JournalPosition },
): void {
  const { partition, timestamp, below: position } = write;
  const key = numbersKey(partition);
  const present = journalTrims.get(key);
  if (present !== undefined && present[0] > timestamp) return;
  journalTrims.put(key, [timestamp, position.epoch, position.sequence]);
}

/** Within a transaction. Removes some rows; answers where to go on, null at the end. */
export function removeTrimmed(
  { journal }: Tables,
  write: { partition: number; timestamp: number; below: JournalPosition },
  part: { from: Uint8Array | null; rowsMax: number },
): Uint8Array | null {
  const { partition, timestamp, below: position } = write;
  const range = {
    from: part.from ?? numbersKey(partition),
    to: numbersKey(partition, position.epoch, position.sequence),
  };
  const entries = journal.range(range, part.rowsMax);
  for (const { key, row } of entries) if (row[0] <= timestamp) journal.remove(key);
  return entries.length < part.rowsMax ? null : entries.at(-1)!.key;
}

function below([, epoch, sequence]: readonly [number, number, number]): JournalPosition {
  return { epoch, sequence };
}
