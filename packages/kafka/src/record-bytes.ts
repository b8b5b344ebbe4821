import type { RecordHeaders } from "@horae/core";
import type { OutgoingMessage } from "./broker.ts";

/** A record's fields beside key, value and headers, and its share of the batch; at most. */
const RECORD_OVERHEAD = 96;
const HEADER_OVERHEAD = 10;

/** Bytes that a message takes in a request, at most. */
export function messageBytes({ key, value, headers }: OutgoingMessage): number {
  let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name of Object.keys(headers)) {
    for (const item of [headers[name] ?? ""].flat()) {
      bytes += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(item);
    }
  }
  return bytes;
}

/** The same bytes as kafkajs wants them: it would write any other array of bytes as text. */
export function asBuffer(bytes: Uint8Array): Buffer;
export function asBuffer(bytes: Uint8Array | null): Buffer | null;
export function asBuffer(bytes: Uint8Array | null): Buffer | null {
  if (bytes === null || Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function messageOf(record: {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
}): OutgoingMessage {
  const { key, value, headers } = record;
  return { key: asBuffer(key), value: asBuffer(value), headers: { ...headers } };
}
