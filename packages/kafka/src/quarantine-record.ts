import type {
  LogRecord,
  QuarantinedRecord,
  QuarantineEntry,
  QuarantinePosition,
  RecordHeaders,
} from "@horae/core";
import type { OutgoingMessage } from "./broker.ts";
import { headersToSend } from "./raw-headers.ts";
import { asBuffer } from "./record-bytes.ts";
import { sha256Of } from "./sha256.ts";

/** Of a record that the quarantine topic refuses for its size, this much of the value is kept. */
export const KEPT_BYTES = 256 * 1024;
/** And of its key. */
const KEPT_KEY_BYTES = 1024;
const MESSAGE_LENGTH_MAX = 1_000;

const PREFIX = "horae-quarantine-";
const REASON = `${PREFIX}reason`;
const MESSAGE = `${PREFIX}message`;
const PARTITION = `${PREFIX}partition`;
const OFFSET = `${PREFIX}offset`;
const TIMESTAMP = `${PREFIX}timestamp`;
const LENGTH = `${PREFIX}length`;
const SHA256 = `${PREFIX}sha256`;
const REPLAYED = `${PREFIX}replayed`;

/** What is read from the quarantine topic. `null`: somebody else wrote it. */
export type QuarantineLine =
  | { readonly kind: "record"; readonly record: QuarantinedRecord }
  | { readonly kind: "replayed"; readonly position: QuarantinePosition }
  | null;

/** The whole record, as it came. */
export function wholeMessage(entry: QuarantineEntry): OutgoingMessage {
  const { record } = entry;
  return {
    key: asBuffer(record.key),
    value: asBuffer(record.value),
    headers: { ...headersToSend(record), ...labels(entry) },
  };
}

/** The beginning of the record, with what identifies the rest. */
export function cutMessage(entry: QuarantineEntry, keptBytes: number): OutgoingMessage {
  const { key, value } = entry.record;
  const whole = value ?? new Uint8Array();
  return {
    key: asBuffer(key?.subarray(0, KEPT_KEY_BYTES) ?? null),
    value: asBuffer(whole.subarray(0, keptBytes)),
    headers: { ...labels(entry), [LENGTH]: String(whole.length), [SHA256]: sha256Of(whole) },
  };
}

/** Says that a record was appended to the queue again. */
export function replayedMessage({ partition, offset }: QuarantinePosition): OutgoingMessage {
  const headers = {
    [REPLAYED]: "true",
    [PARTITION]: String(partition),
    [OFFSET]: String(offset),
  };
  return { key: null, value: null, headers };
}

export function readLine(line: LogRecord): QuarantineLine {
  const { headers } = line;
  const partition = Number(headers[PARTITION]);
  const offset = Number(headers[OFFSET]);
  if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) return null;
  if (headers[REPLAYED] !== undefined) return { kind: "replayed", position: { partition, offset } };
  const length = headers[LENGTH];
  const record: QuarantinedRecord = {
    partition,
    offset,
    reason: headers[REASON] ?? "",
    message: headers[MESSAGE] ?? "",
    timestampMs: Number(headers[TIMESTAMP] ?? Number.NaN),
    quarantinedAtMs: line.timestampMs,
    key: line.key,
    value: line.value,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !name.startsWith(PREFIX)),
    ),
    cut: length === undefined ? null : { length: Number(length), sha256: headers[SHA256] ?? "" },
  };
  return { kind: "record", record };
}

/** The message that was quarantined, byte for byte. */
export function originalMessage(line: LogRecord): OutgoingMessage {
  const headers = Object.fromEntries(
    Object.entries(headersToSend(line)).filter(([name]) => !name.startsWith(PREFIX)),
  );
  return { key: asBuffer(line.key), value: asBuffer(line.value), headers };
}

function labels({ record, reason, message }: QuarantineEntry): RecordHeaders {
  return {
    [REASON]: reason,
    [MESSAGE]: message.slice(0, MESSAGE_LENGTH_MAX),
    [PARTITION]: String(record.partition),
    [OFFSET]: String(record.offset),
    [TIMESTAMP]: String(record.timestampMs),
  };
}
