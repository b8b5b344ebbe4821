import { EMBEDDED_CLIENT_SETTINGS } from "@horae/client";
import type { Clock } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import type { NodeConfig } from "../config/settings-table.ts";
import type { Adapters } from "./adapters.ts";
import { ensureQueueSettings } from "./queue-settings.ts";

/** Log and store in one directory. */
export async function openDirectory(options: {
  readonly dir: string;
  readonly queue: NodeConfig["queue"];
  readonly clock: Clock;
}): Promise<Adapters> {
  const opened = await openEmbedded(options);
  const { log, store, leases, quarantine } = opened;
  try {
    await ensureQueueSettings(store, options.queue);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return {
    log,
    store,
    leases,
    quarantine,
    clientSettings: EMBEDDED_CLIENT_SETTINGS,
    disk: () => {
      const trouble = opened.trouble();
      return trouble === null ? null : `${options.dir}: ${trouble}`;
    },
    announce: async (url) => opened.setUrl(url),
    close: () => opened.close(),
  };
}
