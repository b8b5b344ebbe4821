import type { DeadLetter } from "@horae/core";
import { numberOf, numbersKey, taskKeyBytes, taskKeyOf } from "./key-bytes.ts";
import type { Tables } from "./tables.ts";

/** Within a transaction. */
export function putDeadLetter(
  { deadLetters }: Tables,
  write: { partition: number; timestamp: number; letter: DeadLetter },
): void {
  const { partition, timestamp, letter } = write;
  const key = taskKeyBytes(partition, letter.failedAtMs, letter.key);
  const present = deadLetters.get(key);
  if (present !== undefined && present[0] > timestamp) return;
  deadLetters.put(key, [timestamp, letter.request, letter.status]);
}

export function loadDeadLetters(
  { deadLetters }: Tables,
  read: { partition: number; fromMs: number; toMs: number; rowsMax: number },
): DeadLetter[] {
  const { partition, fromMs, toMs, rowsMax } = read;
  const range = { from: numbersKey(partition, fromMs), to: numbersKey(partition, toMs) };
  return deadLetters.range(range, rowsMax).map(({ key, row: [, request, status] }) => ({
    failedAtMs: numberOf(key, 0),
    key: taskKeyOf(key),
    request,
    status,
  }));
}
