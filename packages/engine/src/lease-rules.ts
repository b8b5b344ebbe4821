import { type Checkpoint, FIRST_CHECKPOINT, type Lease } from "@horae/core";

/** How far ahead of the present a grant of write timestamps reaches, microseconds. */
const GRANT_US = 30_000_000;
/** Room that a grant has at the least, microseconds: one timestamp a statement. */
const GRANT_ROOM_US = 2_000_000;
/** A clock this far ahead of the store's must not put its timestamps on rows for ever. */
export const CLOCK_AHEAD_MAX_MS = 60_000;
/** A renewal or a release that fails is tried again, this often in a period at the most. */
export const TRIES_PER_PERIOD_MAX = 20;

export interface LeaseHolder {
  /** Unique per start of a process. */
  readonly owner: string;
  readonly ownerUrl: string | null;
  readonly periodMs: number;
}

/**
 * Upper end of the next grant. It follows the clock, and stays above what was used when the clock
 * has been set back; it grows by little then, so that it does not run away from the present.
 */
export function grantUpper(usedUpTo: number, nowMs: number): number {
  return Math.max(nowMs * 1_000 + GRANT_US, usedUpTo + GRANT_ROOM_US);
}

/** The row after an acquire: the epoch grows, the range of timestamps starts where the last one ended. */
export function acquiredLease(row: Lease | null, holder: LeaseHolder, nowMs: number): Lease {
  return {
    ...holder,
    epoch: (row?.epoch ?? 0) + 1,
    renewal: (row?.renewal ?? 0) + 1,
    tsUpper: grantUpper(row?.tsUpper ?? 0, nowMs),
    wantedBy: null,
    checkpoint: row?.checkpoint ?? FIRST_CHECKPOINT,
  };
}

export function renewedLease(
  row: Lease,
  next: { checkpoint: Checkpoint; usedUpTo: number; nowMs: number },
): Lease {
  const tsUpper = Math.max(row.tsUpper, grantUpper(next.usedUpTo, next.nowMs));
  return { ...row, renewal: row.renewal + 1, tsUpper, checkpoint: next.checkpoint };
}

/** The row after a release: the range ends at the last timestamp used, so that ranges do not run ahead. */
export function releasedLease(
  row: Lease,
  last: { checkpoint: Checkpoint; usedUpTo: number },
): Lease {
  return {
    ...row,
    renewal: row.renewal + 1,
    owner: null,
    ownerUrl: null,
    wantedBy: null,
    tsUpper: last.usedUpTo,
    checkpoint: last.checkpoint,
  };
}

export function wantedLease(row: Lease, wantedBy: string): Lease {
  return { ...row, renewal: row.renewal + 1, wantedBy };
}
