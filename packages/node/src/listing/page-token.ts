import { HoraeError, isId, SCHEDULED_TIME_MAX_MS } from "@horae/core";
import type { LetterPosition } from "./letter-cursor.ts";

const VERSION = 1;

/** Where a page ended, as text that a caller gives back as it is. */
export function formatPageToken({ failedAtMs, key }: LetterPosition): string {
  const { scheduledTimeMs, orderingId, uniquenessKey } = key;
  const parts = [VERSION, failedAtMs, scheduledTimeMs, orderingId, uniquenessKey];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws `REQUEST_INVALID` for what `formatPageToken` has not written. */
export function parsePageToken(token: string): LetterPosition {
  const parts = partsOf(token);
  const [version, failedAtMs, scheduledTimeMs, orderingId, uniquenessKey] = parts;
  if (
    parts.length !== 5 ||
    version !== VERSION ||
    !isTime(failedAtMs) ||
    !isTime(scheduledTimeMs) ||
    !isIdText(orderingId) ||
    !isIdText(uniquenessKey)
  ) {
    const details = { path: "pageToken" };
    throw new HoraeError("REQUEST_INVALID", "pageToken: not one that a page has given", {
      details,
    });
  }
  return { failedAtMs, key: { scheduledTimeMs, orderingId, uniquenessKey } };
}

function partsOf(token: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isIdText(value: unknown): value is string {
  return typeof value === "string" && isId(value);
}

function isTime(value: unknown): value is number {
  return (
    Number.isSafeInteger(value) &&
    (value as number) >= 0 &&
    (value as number) <= SCHEDULED_TIME_MAX_MS
  );
}
