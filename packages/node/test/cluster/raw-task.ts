import { formatTaskKey } from "@horae/core";
import type { RawRecord } from "./queue-bench.ts";

export interface RawTask {
  readonly orderingId: string;
  readonly scheduledTimeMs: number;
  readonly uniquenessKey: string;
  readonly data?: unknown;
  readonly version?: number;
  readonly type?: string;
}

/** A record as a program writes it that has only read docs/wire-format.md. */
export function rawTask(task: RawTask): { record: RawRecord; key: string } {
  const { orderingId, scheduledTimeMs, uniquenessKey, data = null, version = 1 } = task;
  const value = JSON.stringify({
    version,
    command: "schedule",
    type: task.type ?? "work",
    orderingId,
    scheduledTime: new Date(scheduledTimeMs).toISOString(),
    uniquenessKey,
    data,
  });
  const key = formatTaskKey({ scheduledTimeMs, orderingId, uniquenessKey });
  return { record: { key: orderingId, value }, key };
}

/** Kafka's limit is for a batch; this is what a batch has beside a single value without headers. */
const BATCH_BYTES = 61;
const RECORD_BYTES = 1 + 1 + 1 + 1;

/** Spaces after `value`, which JSON allows, so that its batch has `batchBytes`. */
export function paddedTo(batchBytes: number, key: string, value: string): string {
  const others = BATCH_BYTES + RECORD_BYTES + varintBytes(key.length) + key.length;
  let valueBytes = batchBytes - others;
  const whole = (): number => {
    const inside = others - BATCH_BYTES + varintBytes(valueBytes) + valueBytes;
    return BATCH_BYTES + varintBytes(inside) + inside;
  };
  while (whole() > batchBytes) valueBytes--;
  return value.padEnd(valueBytes, " ");
}

/** Bytes of a length as Kafka writes it, in zigzag. */
function varintBytes(length: number): number {
  return Math.ceil((32 - Math.clz32(length * 2)) / 7);
}
