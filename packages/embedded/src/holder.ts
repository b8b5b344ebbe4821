import { threadId } from "node:worker_threads";
import { HoraeError, type Lease } from "@horae/core";
import { numbersKey } from "./key-bytes.ts";
import { isAlive, isOwn, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import type { Tables } from "./tables.ts";

const HOLDER = Buffer.from("holder");
const PARTITIONS_MAX = 65_535;

/** A process, and within it the copy of this module that has the directory open. */
interface Holder extends ProcessIdentity {
  readonly copy: string;
}

/*
 * Which process has the directory is a record in the file, taken in a write transaction. Node has no
 * flock, and creating, checking and replacing lock files has a race wherever two processes find the
 * same stale one. LMDB's writers exclude each other by a mutex that the kernel frees when its owner
 * dies, whatever the moment: of two processes that start at once, the second one's transaction sees
 * the first one's record.
 */

/**
 * Takes the directory for this process, inside a transaction. Throws `DIRECTORY_IN_USE`. Whoever
 * holds it knows that every earlier process is gone, and gives back the leases they died with: a
 * kill -9 costs no lease period.
 *
 * Dying before the commit: nothing has changed. Dying after it: the record names a dead process,
 * which the next one finds out.
 */
export function takeDirectory(tables: Tables, dir: string): void {
  const holder = tables.settings.get(HOLDER)?.[0] as Holder | null | undefined;
  if (holder != null && isHeld(holder)) throw directoryInUse(dir, { pid: holder.pid, url: null });
  tables.settings.put(HOLDER, [{ ...ownIdentity(), copy: ownCopy() } satisfies Holder]);
  releaseLeases(tables);
}

/** Inside a transaction: another process may take the directory. */
export function leaveDirectory(tables: Tables): void {
  const holder = tables.settings.get(HOLDER)?.[0] as Holder | null | undefined;
  if (holder != null && isOurs(holder)) tables.settings.put(HOLDER, [null]);
}

export function directoryInUse(
  dir: string,
  { pid, url }: { pid: number; url: string | null },
): HoraeError {
  const who = pid === process.pid ? "this process, in another thread or module" : `process ${pid}`;
  const where = url === null ? "" : ` (${url})`;
  const message = `${dir} is in use by ${who}${where}; one process at a time can have it open`;
  return new HoraeError("DIRECTORY_IN_USE", message, { details: { dir, pid, url } });
}

/** Ours can only be left over from an open that did not end well: we are here because none is open. */
function isHeld(holder: Holder): boolean {
  return isAlive(holder) && !isOurs(holder);
}

function isOurs(holder: Holder): boolean {
  return isOwn(holder) && holder.copy === ownCopy();
}

/** A thread, or a second copy of the package, has a memory of its own and so counts as another. */
function ownCopy(): string {
  const copies = globalThis as { [COPIES]?: number };
  copyNumber ??= copies[COPIES] = (copies[COPIES] ?? 0) + 1;
  return `${threadId}.${copyNumber}`;
}

const COPIES = Symbol.for("horae.embedded.copies");
let copyNumber: number | undefined;

/** Owners of other processes: the epoch stays, and with it what they may still not have undone. */
function releaseLeases({ leases }: Tables): void {
  const range = { from: numbersKey(0), to: numbersKey(PARTITIONS_MAX) };
  for (const { key, row } of leases.range(range, PARTITIONS_MAX)) {
    const [lease] = row;
    if (lease.owner === null && lease.wantedBy === null) continue;
    leases.put(key, [released(lease)]);
  }
}

function released(lease: Lease): Lease {
  const renewal = lease.renewal + 1;
  return { ...lease, renewal, owner: null, ownerUrl: null, wantedBy: null };
}
