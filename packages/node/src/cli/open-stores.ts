import { EMBEDDED_CLIENT_SETTINGS } from "@horae/client";
import type { HoraeEvent } from "@horae/core";
import { openEmbedded } from "@horae/embedded";
import type { Adapters } from "../compose/adapters.ts";
import { openAdapters } from "../compose/adapters.ts";
import type { NodeConfig } from "../config/settings-table.ts";
import type { Io } from "./command.ts";
import { StoreAccess } from "./store-access.ts";

/** A node waits for its servers as long as it takes; who types a command does not. */
const SERVERS_TIMEOUT_MS = 10_000;

const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Throws `DIRECTORY_IN_USE`, `QUEUE_UNKNOWN`, `QUEUE_SETTINGS_MISMATCH` or `STORE_UNAVAILABLE`. */
export async function openDirectoryAccess(
  { dir, queue: name }: { dir: string; queue: string },
  { clock, random }: Io,
): Promise<StoreAccess> {
  const opened = await openEmbedded({ dir, queue: { name }, clock });
  const { log, store, queue, quarantine } = opened;
  const close = (): Promise<void> => opened.close();
  const clientSettings = EMBEDDED_CLIENT_SETTINGS;
  const adapters = { log, store, queue, quarantine, clientSettings, close };
  return new StoreAccess({ ...adapters, clock, random });
}

/** Throws as `openClusterStores` does. */
export async function openClusterAccess(config: NodeConfig, io: Io): Promise<StoreAccess> {
  const { clock, random } = io;
  const adapters = await openClusterStores(config, io);
  return new StoreAccess({ ...adapters, queue: config.queue, clock, random });
}

/** Throws what `openAdapters` throws, after ten seconds also for servers that do not answer. */
export async function openClusterStores(config: NodeConfig, io: Io): Promise<Adapters> {
  const { clock, random } = io;
  const abort = new AbortController();
  const timer = clock.setTimer(SERVERS_TIMEOUT_MS, () => abort.abort());
  try {
    return await openAdapters(config, {
      name: "horae",
      clock,
      random,
      telemetry: { emit: (event: HoraeEvent) => void event },
      logger: SILENT,
      signal: abort.signal,
    });
  } finally {
    timer.cancel();
  }
}

function ignore(): void {
  // Whatever matters comes as an error.
}
