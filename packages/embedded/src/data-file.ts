import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readFailed } from "./errors.ts";

const DATA_FILE = "horae.mdb";

/** More than LMDB wants for the places of its readers. */
const READERS_BYTES = 16_384;

/** Path of the LMDB file of a directory; LMDB keeps its lock file, `-lock`, beside it. */
export function dataPath(dir: string): string {
  return join(dir, DATA_FILE);
}

/** Makes a directory, and what is missing above it, unless it is there. Throws `STORE_UNAVAILABLE`. */
export function makeDirectory(dir: string): void {
  const path = resolve(dir);
  try {
    const highest = mkdirSync(path, { recursive: true });
    if (highest === undefined) return;
    for (let made = path; made.length >= highest.length; made = dirname(made)) {
      syncNames(dirname(made));
    }
  } catch (error) {
    throw readFailed("STORE_UNAVAILABLE", error);
  }
}

/**
 * Gives LMDB's lock file its blocks before LMDB writes to it through a map: on a full disk that
 * would be a SIGBUS, which ends the process; here it is an error. Throws what the file system says.
 */
export function reserveReaders(dir: string): void {
  const path = `${dataPath(dir)}-lock`;
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  const aside = `${path}.${process.pid}`;
  try {
    writeFileSync(aside, Buffer.alloc(READERS_BYTES));
    // Linked and not renamed: another process may have made it meanwhile, and be using it.
    linkSync(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It is there, or this file system has no links: LMDB makes it as it always does.
    if (code !== "EEXIST" && code !== "EPERM" && code !== "ENOTSUP") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Makes the names of files durable: syncing a file does not promise that its name is on the disk. */
export function syncNames(dir: string): void {
  let file: number;
  try {
    file = openSync(dir, "r");
  } catch {
    // Systems that open no directories have no way to sync one.
    return;
  }
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
