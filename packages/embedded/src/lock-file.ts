import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, isOwn, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const LOCK_FILE = "horae.lock";

/** Who has a directory open. */
export interface DirectoryLock {
  readonly pid: number;
  /** Where its node can be asked; null when it has no HTTP interface, or none yet. */
  readonly url: string | null;
}

interface LockContent extends ProcessIdentity {
  readonly url: string | null;
}

/**
 * The living process that has the directory open, by its lock file; null when there is none. For
 * other processes: it needs nothing but the file.
 */
export function readLock(dir: string): DirectoryLock | null {
  const content = readContent(dir);
  if (content === null || !isAlive(content)) return null;
  return { pid: content.pid, url: content.url };
}

/**
 * Says in the directory that this process has it open. The file announces; it does not decide (see
 * holder.ts), so that nobody has to remove the file of another. Written aside and renamed: a reader
 * sees the old one or the new one, whole.
 */
export function writeLock(dir: string, url: string | null): void {
  const content: LockContent = { ...ownIdentity(), url };
  const path = join(dir, LOCK_FILE);
  const aside = `${path}.${content.pid}`;
  writeFileSync(aside, `${JSON.stringify(content)}\n`);
  // Dying here leaves a file that nobody reads; the next process with this pid overwrites it.
  renameSync(aside, path);
}

/** Removes the lock file of this process. */
export function removeLock(dir: string): void {
  const content = readContent(dir);
  if (content !== null && isOwn(content)) rmSync(join(dir, LOCK_FILE), { force: true });
}

function readContent(dir: string): LockContent | null {
  try {
    const content = JSON.parse(readFileSync(join(dir, LOCK_FILE), "utf8")) as Partial<LockContent>;
    const { pid, startedAt = null, url = null } = content;
    return typeof pid === "number" && pid > 0 ? { pid, startedAt, url } : null;
  } catch {
    // No file, or somebody else's: it names nobody.
    return null;
  }
}
