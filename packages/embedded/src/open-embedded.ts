import { realpathSync } from "node:fs";
import type { Clock, LeaseStore, TaskStore } from "@horae/core";
import { EmbeddedLeaseStore } from "./embedded-lease-store.ts";
import { EmbeddedLog } from "./embedded-log.ts";
import { EmbeddedQuarantine } from "./embedded-quarantine.ts";
import { EmbeddedStore } from "./embedded-store.ts";
import { makeDirectory } from "./data-file.ts";
import { checkSame, type NamedQueue, type WantedQueue } from "./queue-settings.ts";
import { SharedDirectory } from "./shared-directory.ts";

export interface EmbeddedOptions {
  /** Made when it does not exist. */
  readonly dir: string;
  /** `partitions` and `bucketMs` may be absent where the directory already holds the queue. */
  readonly queue: WantedQueue;
  readonly clock: Clock;
}

/** Log, store and leases of one queue in one directory. */
export interface Embedded {
  readonly queue: NamedQueue;
  readonly log: EmbeddedLog;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  readonly quarantine: EmbeddedQuarantine;
  /** Why the directory cannot be written to, as far as the last attempt shows; null when it can. */
  readonly trouble: () => string | null;
  /** Says in the lock file where the node of this process can be asked. */
  readonly setUrl: (url: string | null) => void;
  /** Lets go of the directory; the last one in the process closes it. Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a directory. Opening it several times in one process shares what is open, so that a client
 * and some nodes work side by side; another process is refused.
 *
 * Throws `DIRECTORY_IN_USE` (details: pid and url), `QUEUE_SETTINGS_MISMATCH`, `QUEUE_UNKNOWN` or
 * `STORE_UNAVAILABLE`.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dir, queue, clock } = options;
  const shared = await use(dir, queue);
  const log = new EmbeddedLog({ shared, clock });
  const store = new EmbeddedStore(shared);
  const leases = new EmbeddedLeaseStore({ shared, clock });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await log.close();
    store.close();
    leases.close();
    await release(shared);
  };
  return {
    queue: shared.queue,
    log,
    store,
    leases,
    quarantine: new EmbeddedQuarantine({ shared, log }),
    trouble: () => shared.environment.trouble,
    setUrl: (url) => shared.setUrl(url),
    close: () => (closed ??= close()),
  };
}

interface Usage {
  readonly opening: Promise<SharedDirectory>;
  users: number;
}

/** Open directories of this process by real path; one that is being closed is in `closing`. */
const usages = new Map<string, Usage>();
const closing = new Map<string, Promise<void>>();

async function use(dir: string, wanted: WantedQueue): Promise<SharedDirectory> {
  makeDirectory(dir);
  const path = realpathSync(dir);
  for (let end = closing.get(path); end !== undefined; end = closing.get(path)) await end;
  const usage = usages.get(path) ?? begin(path, wanted);
  usage.users++;
  const shared = await usage.opening;
  try {
    checkSame(path, shared.queue, wanted);
  } catch (error) {
    await release(shared);
    throw error;
  }
  return shared;
}

function begin(path: string, wanted: WantedQueue): Usage {
  const opening = SharedDirectory.open(path, wanted);
  const usage = { opening, users: 0 };
  usages.set(path, usage);
  // A directory that could not be opened may be tried again.
  opening.catch(() => usages.delete(path));
  return usage;
}

async function release(shared: SharedDirectory): Promise<void> {
  const { dir } = shared;
  const usage = usages.get(dir)!;
  if (--usage.users > 0) return;
  usages.delete(dir);
  const end = shared.close().finally(() => closing.delete(dir));
  // Others only wait for it; the error is for the one who closes.
  closing.set(
    dir,
    end.catch(() => undefined),
  );
  await end;
}
