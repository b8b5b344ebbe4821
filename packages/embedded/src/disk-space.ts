import { constants } from "node:os";
import { statfsSync } from "node:fs";

/** Less than this is a full disk: what LMDB could not write has already taken the rest. */
const FREE_BYTES_MIN = 64 * 1_024;

/** A commit was refused because the disk is full. */
export class DiskFullError extends Error {
  constructor(cause: unknown) {
    super("the disk is full", { cause });
    this.name = "DiskFullError";
  }
}

/**
 * LMDB reports a write that was cut short by a full disk as an I/O error, and an I/O error leaves
 * open whether the commit counts. On a full disk it does not: the data pages were not written, so
 * that the page that makes them valid was not either.
 */
export function withShortWriteNamed(error: unknown, dir: string): unknown {
  const isIoError = (error as { code?: unknown } | null)?.code === constants.errno.EIO;
  return isIoError && isFull(dir) ? new DiskFullError(error) : error;
}

function isFull(dir: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize < FREE_BYTES_MIN;
  } catch {
    // Not known: then it stays an I/O error.
    return false;
  }
}
