import type { Clock, LeaseStore, Log, Random, TaskStore } from "@horae/core";
import { HoraeError } from "@horae/core";
import type { ClientSettings } from "@horae/client";
import { EMBEDDED_CLIENT_SETTINGS } from "@horae/client";
import { openEmbedded } from "@horae/embedded";
import type { NodeConfig } from "./config/settings-table.ts";

/** What a node runs on. */
export interface Adapters {
  readonly log: Log;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  /** What suits a client of this log. */
  readonly clientSettings: Partial<ClientSettings>;
  /** Lets others find the node, where there is a place for that. */
  announce(url: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log and the store that a configuration names. The only place that knows adapters.
 * Throws `DIRECTORY_IN_USE`, `LOG_UNAVAILABLE` or `STORE_UNAVAILABLE`.
 */
export async function openAdapters(
  config: NodeConfig,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<Adapters> {
  const { embedded, queue } = config;
  if (embedded === null) {
    const message = "kafka and cassandra: not in this build; give embedded.dir instead";
    throw new HoraeError("SETTINGS_INVALID", message, { details: { path: "kafka" } });
  }
  const opened = await openEmbedded({ dir: embedded.dir, queue, clock: ports.clock });
  const { log, store, leases } = opened;
  return {
    log,
    store,
    leases,
    clientSettings: EMBEDDED_CLIENT_SETTINGS,
    announce: async (url) => opened.setUrl(url),
    close: () => opened.close(),
  };
}
