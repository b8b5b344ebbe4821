import type { TaskKey } from "@horae/core";
import type { KeyRange } from "./lmdb.ts";

/*
 * Keys whose byte order is the order that the ports promise. Numbers are big-endian; times, buckets,
 * offsets, epochs and sequences take 48 bits, which last until the year 10889. Ids are UTF-8 with a
 * NUL behind them: no id holds a NUL, so that an id sorts before every longer id that it begins.
 */

const NUMBER_BYTES = 6;
const NUMBER_MAX = 2 ** 48 - 1;
const PARTITION_BYTES = 2;
const TASK_KEY_START = PARTITION_BYTES + NUMBER_BYTES;

/** `(partition, ...numbers)`: keys of the log, of summaries and of the journal. */
export function numbersKey(partition: number, ...numbers: readonly number[]): Buffer {
  const key = Buffer.allocUnsafe(PARTITION_BYTES + numbers.length * NUMBER_BYTES);
  key.writeUInt16BE(partition, 0);
  numbers.forEach((number, index) => {
    key.writeUIntBE(bounded(number), PARTITION_BYTES + index * NUMBER_BYTES, NUMBER_BYTES);
  });
  return key;
}

/** The number at `index` behind the partition. */
export function numberOf(key: Uint8Array, index: number): number {
  return bytesOf(key).readUIntBE(PARTITION_BYTES + index * NUMBER_BYTES, NUMBER_BYTES);
}

export function partitionRange(partition: number): KeyRange {
  return { from: numbersKey(partition), to: numbersKey(partition + 1) };
}

/**
 * `(partition, number, task key)`: keys of rows (number is the bucket) and of dead letters (it is
 * the time of the failure). Takes bounds too: keys with empty ids, times that are no whole numbers.
 */
export function taskKeyBytes(partition: number, number: number, key: TaskKey): Buffer {
  const orderingBytes = Buffer.byteLength(key.orderingId);
  const uniquenessBytes = Buffer.byteLength(key.uniquenessKey);
  const idsStart = TASK_KEY_START + NUMBER_BYTES;
  const bytes = Buffer.allocUnsafe(idsStart + orderingBytes + uniquenessBytes + 2);
  bytes.writeUInt16BE(partition, 0);
  bytes.writeUIntBE(bounded(number), PARTITION_BYTES, NUMBER_BYTES);
  bytes.writeUIntBE(bounded(key.scheduledTimeMs), TASK_KEY_START, NUMBER_BYTES);
  let position = idsStart + bytes.write(key.orderingId, idsStart);
  bytes[position++] = 0;
  position += bytes.write(key.uniquenessKey, position);
  bytes[position] = 0;
  return bytes;
}

export function taskKeyOf(key: Uint8Array): TaskKey {
  const bytes = bytesOf(key);
  const idsStart = TASK_KEY_START + NUMBER_BYTES;
  const orderingEnd = bytes.indexOf(0, idsStart);
  return {
    scheduledTimeMs: bytes.readUIntBE(TASK_KEY_START, NUMBER_BYTES),
    orderingId: bytes.toString("utf8", idsStart, orderingEnd),
    uniquenessKey: bytes.toString("utf8", orderingEnd + 1, bytes.length - 1),
  };
}

export function bucketRange(partition: number, bucket: number): KeyRange {
  return { from: numbersKey(partition, bucket), to: numbersKey(partition, bucket + 1) };
}

function bounded(number: number): number {
  return Math.min(Math.max(0, Math.ceil(number)), NUMBER_MAX);
}

function bytesOf(key: Uint8Array): Buffer {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength);
}
