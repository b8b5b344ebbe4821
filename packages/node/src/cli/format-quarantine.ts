import { decodeUtf8 } from "@horae/core";
import type { ListedRecord } from "@horae/kafka";
import { printable } from "./printable.ts";

/** `3/1042`: how a record is named on the command line. */
export function positionText({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}/${offset}`;
}

/** Null for anything else than `<partition>/<offset>`. */
export function parsePosition(text: string): { partition: number; offset: number } | null {
  const match = /^(\d{1,6})\/(\d{1,15})$/.exec(text);
  return match === null ? null : { partition: Number(match[1]), offset: Number(match[2]) };
}

/** A record as one line of a list. */
export function quarantineLine(record: ListedRecord): string {
  const time = new Date(record.timestampMs).toISOString();
  const replayed = record.isReplayed ? "  (replayed)" : "";
  const columns = [positionText(record).padEnd(12), time, record.reason.padEnd(24)];
  return `${columns.join("  ")}  ${printable(record.message)}${replayed}\n`;
}

/** A record with all of its content. */
export function quarantineText(record: ListedRecord): string {
  const { reason, message, timestampMs, quarantinedAtMs, key, value, headers, cut } = record;
  const lines: (readonly [name: string, value: string])[] = [
    ["position", positionText(record)],
    ["reason", reason],
    ["message", message],
    ["appended", new Date(timestampMs).toISOString()],
    ["quarantined", new Date(quarantinedAtMs).toISOString()],
    ["replayed", record.isReplayed ? "yes" : "no"],
    ["key", contentText(key)],
    ["headers", JSON.stringify(headers)],
    ["value", contentText(value)],
    ...(cut === null
      ? []
      : [["cut", `whole: ${cut.length} bytes, SHA-256 ${cut.sha256}`] as const]),
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)}${printable(text)}\n`).join("");
}

/** A record for programs: bytes in base64. */
export function quarantineJson(record: ListedRecord): object {
  const { key, value } = record;
  return { ...record, key: base64Of(key), value: base64Of(value) };
}

function contentText(bytes: Uint8Array | null): string {
  if (bytes === null) return "none";
  return decodeUtf8(bytes) ?? `base64 ${base64Of(bytes)}`;
}

function base64Of(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
