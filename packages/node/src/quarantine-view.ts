import type { ListedRecord, Quarantine, QuarantineFilter, QuarantinePosition } from "@horae/core";

/** A record that was refused, as programs see it: bytes in base64, times in ISO 8601. */
export interface QuarantinedView {
  /** `<partition>/<offset>`: how the record is named. */
  readonly position: string;
  readonly reason: string;
  readonly message: string;
  readonly appendedTime: string;
  readonly quarantinedTime: string;
  readonly isReplayed: boolean;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Length and SHA-256 of the whole value where only its beginning was kept. */
  readonly cut: { readonly length: number; readonly sha256: string } | null;
}

export interface QuarantinePage {
  readonly records: readonly QuarantinedView[];
  /** True when there are more than were asked for. */
  readonly isCutShort: boolean;
}

export function positionText({ partition, offset }: QuarantinePosition): string {
  return `${partition}/${offset}`;
}

/** Null for anything else than `<partition>/<offset>`. */
export function parsePosition(text: string): QuarantinePosition | null {
  const match = /^(\d{1,6})\/(\d{1,15})$/.exec(text);
  return match === null ? null : { partition: Number(match[1]), offset: Number(match[2]) };
}

/** The first `limit` records that a filter takes. */
export async function quarantinePage(
  quarantine: Quarantine,
  filter: QuarantineFilter,
  limit: number,
): Promise<QuarantinePage> {
  const records: QuarantinedView[] = [];
  for await (const record of quarantine.list(filter)) {
    if (records.length === limit) return { records, isCutShort: true };
    records.push(viewOf(record));
  }
  return { records, isCutShort: false };
}

function viewOf(record: ListedRecord): QuarantinedView {
  const { reason, message, timestampMs, quarantinedAtMs, isReplayed, headers, cut } = record;
  return {
    position: positionText(record),
    reason,
    message,
    appendedTime: timeText(timestampMs),
    quarantinedTime: timeText(quarantinedAtMs),
    isReplayed,
    key: base64Of(record.key),
    value: base64Of(record.value),
    headers,
    cut,
  };
}

/** A producer may have written any number. */
function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? String(timeMs) : time.toISOString();
}

function base64Of(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
