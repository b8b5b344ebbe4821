import type { ClientSettings } from "@horae/client";
import type {
  Clock,
  HandlerLogger,
  LeaseStore,
  Log,
  Quarantine,
  Random,
  TaskStore,
  Telemetry,
} from "@horae/core";
import type { NodeConfig } from "../config/settings-table.ts";

/** What a node runs on. */
export interface Adapters {
  readonly log: Log;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  readonly quarantine: Quarantine;
  /** What suits a client of this log. */
  readonly clientSettings: Partial<ClientSettings>;
  /** Lets others find the node, where there is a place for that. */
  announce(url: string): Promise<void>;
  /** What is wrong with the disk of this machine, where log and store are on it; null: nothing. */
  disk(): string | null;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Of this node, in the places where others look. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly logger: HandlerLogger;
  /** Ends the waiting for servers that are away. */
  readonly signal: AbortSignal;
}

/**
 * Opens the log and the store that a configuration names, and makes sure that they fit the queue.
 * This folder is the only place that knows adapters. Waits for servers as long as it takes, and
 * reports why. Throws what waiting does not cure: `SETTINGS_INVALID`, `QUEUE_SETTINGS_MISMATCH`,
 * `DIRECTORY_IN_USE`, `STORE_UNAVAILABLE` (of a directory, or when `signal` aborts) or
 * `LOG_UNAVAILABLE`.
 */
export async function openAdapters(config: NodeConfig, options: OpenOptions): Promise<Adapters> {
  const { embedded, queue } = config;
  // Each loads its own drivers only: on a directory a node should be there at once.
  if (embedded === null) {
    const { openCluster } = await import("./cluster.ts");
    return openCluster(config, options);
  }
  const { openDirectory } = await import("./directory.ts");
  return openDirectory({ dir: embedded.dir, queue, clock: options.clock });
}
