import type { LogRecord, RecordHeaders } from "@horae/core";
import type { HeaderValue } from "./broker.ts";

type RawHeaders = Readonly<Record<string, HeaderValue>>;

const NO_HEADERS: RecordHeaders = Object.freeze({});

/** Headers as they came: values may be any bytes, and a name may occur more than once. */
const rawHeaders = new WeakMap<LogRecord, RawHeaders>();

/** The text that the port gives: of a name that occurs more than once, the last value. */
export function headersAsText(raw: RawHeaders | undefined): RecordHeaders {
  if (raw === undefined) return NO_HEADERS;
  const names = Object.keys(raw);
  if (names.length === 0) return NO_HEADERS;
  return Object.fromEntries(names.map((name) => [name, textOf(raw[name])]));
}

export function keepRawHeaders(record: LogRecord, raw: RawHeaders | undefined): void {
  if (record.headers !== NO_HEADERS && raw !== undefined) rawHeaders.set(record, raw);
}

/** The headers of a record for sending it on unchanged; as text, if it does not come from a reader. */
export function headersToSend(record: LogRecord): Record<string, Buffer | string | Buffer[]> {
  const raw = rawHeaders.get(record);
  if (raw === undefined) return { ...record.headers };
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, sendable(value)]));
}

/** kafkajs cannot send a header without value: it becomes an empty one. */
function sendable(value: HeaderValue): Buffer | Buffer[] {
  if (Array.isArray(value)) return value.map((item) => Buffer.from(item ?? ""));
  return Buffer.from(value ?? "");
}

function textOf(value: HeaderValue): string {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" ? last : (last?.toString("utf8") ?? "");
}
