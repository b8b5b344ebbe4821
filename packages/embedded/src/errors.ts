import { constants } from "node:os";
import { type HoraeErrorCode, HoraeError } from "@horae/core";
import { DiskFullError } from "./disk-space.ts";

const MDB_MAP_FULL = -30792;
const MDB_TXN_FULL = -30788;
/** A write of the transaction has failed before, so that all of it is dropped. */
const MDB_BAD_TXN = -30782;

/** Errors that refuse a commit before anything of it counts: as a rule there is no room for it. */
const NO_ROOM = new Set<unknown>([
  constants.errno.ENOSPC,
  constants.errno.EDQUOT,
  constants.errno.EFBIG,
  MDB_MAP_FULL,
  MDB_TXN_FULL,
  MDB_BAD_TXN,
]);

/** The directory was closed, by its owner or because it could not be opened again. */
export class DirectoryClosedError extends Error {
  constructor(dir: string) {
    super(`${dir} is closed`);
    this.name = "DirectoryClosedError";
  }
}

/** More waits to be written than memory has room for. */
export class WriteQueueFullError extends Error {
  constructor() {
    super("too much waits to be written");
    this.name = "WriteQueueFullError";
  }
}

/** A read failed, or a write that certainly has not happened. */
export function readFailed(code: "LOG_UNAVAILABLE" | "STORE_UNAVAILABLE", error: unknown) {
  return translated(error, { certain: code, uncertain: code });
}

export function appendFailed(error: unknown): HoraeError {
  return translated(error, { certain: "LOG_UNAVAILABLE", uncertain: "APPEND_UNKNOWN" });
}

export function storeWriteFailed(error: unknown): HoraeError {
  return translated(error, { certain: "STORE_UNAVAILABLE", uncertain: "STORE_UNKNOWN" });
}

/**
 * Whatever LMDB or the file system says becomes an error of Horae; nothing above this package sees
 * another. A commit that failed for any reason but room may have reached the disk.
 */
function translated(
  error: unknown,
  codes: { certain: HoraeErrorCode; uncertain: HoraeErrorCode },
): HoraeError {
  if (error instanceof HoraeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DirectoryClosedError) {
    return new HoraeError(codes.certain, message, { cause: error });
  }
  const code = (error as { code?: unknown } | null)?.code;
  const isNoRoom = error instanceof DiskFullError || error instanceof WriteQueueFullError;
  if (isNoRoom || NO_ROOM.has(code)) {
    const refused = `refused, there is no room: ${message}`;
    return new HoraeError(codes.certain, refused, { cause: error, retryable: true });
  }
  const certain = codes.certain === codes.uncertain;
  return new HoraeError(codes.uncertain, message, { cause: error, retryable: true, certain });
}
