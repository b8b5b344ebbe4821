import { decodeUtf8 } from "@horae/core";
import type { QuarantinedView } from "../quarantine-view.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";

/** Refused records as a table. */
export function formatQuarantine(
  records: readonly QuarantinedView[],
  widthMax: number | null,
): string {
  const columns = [
    { title: "POSITION", text: ({ position }: QuarantinedView) => position, isWhole: true },
    { title: "REASON", text: ({ reason }: QuarantinedView) => reason },
    { title: "APPENDED", text: ({ appendedTime }: QuarantinedView) => appendedTime },
    { title: "REPLAYED", text: (one: QuarantinedView) => (one.isReplayed ? "yes" : "no") },
    { title: "MESSAGE", text: ({ message }: QuarantinedView) => message },
  ];
  return formatTable(records, columns, widthMax);
}

/** A record with all of its content. */
export function formatQuarantined(record: QuarantinedView): string {
  const { position, reason, message, appendedTime, quarantinedTime, key, value, cut } = record;
  const lines: (readonly [name: string, value: string])[] = [
    ["position", position],
    ["reason", reason],
    ["message", message],
    ["appended", appendedTime],
    ["quarantined", quarantinedTime],
    ["replayed", record.isReplayed ? "yes" : "no"],
    ["key", contentText(key)],
    ["headers", JSON.stringify(record.headers)],
    ["value", contentText(value)],
    ...(cut === null
      ? []
      : [["cut", `whole: ${cut.length} bytes, SHA-256 ${cut.sha256}`] as const]),
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)}${printable(text)}\n`).join("");
}

function contentText(base64: string | null): string {
  if (base64 === null) return "none";
  return decodeUtf8(Buffer.from(base64, "base64")) ?? `base64 ${base64}`;
}
