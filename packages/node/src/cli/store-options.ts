import { existsSync } from "node:fs";
import type { LeaseStore, Log, Quarantine, TaskStore } from "@horae/core";
import type { CommandArguments, CommandOption, Io } from "./command.ts";
import { UsageError } from "./command.ts";
import { configOfQueue } from "./config-option.ts";
import { DEFAULT_DIRECTORY } from "./task-access.ts";

/** Of a configuration that names none. */
const RETENTION_MS = 7 * 86_400_000;

/** A queue's log and stores, opened by this process. */
export interface Stores {
  readonly log: Log;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  readonly quarantine: Quarantine;
  readonly queue: { readonly partitions: number; readonly bucketMs: number };
  /** How long what is finished is kept, milliseconds. */
  readonly retentionMs: number;
  readonly close: () => Promise<void>;
}

/** Options of commands that have to read the stores themselves. */
export const STORE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  config: { type: "string", describe: "Use the log and the store of this configuration" },
  dir: {
    type: "string",
    describe: `Use this directory, which no node has open; default ${DEFAULT_DIRECTORY}`,
  },
  queue: { type: "string", describe: "Name of the queue; default HORAE_QUEUE_NAME or default" },
};

/** Throws `UsageError`, `DIRECTORY_IN_USE`, or what opening the adapters throws. */
export async function openStores(args: CommandArguments, io: Io): Promise<Stores> {
  const dir = args.optionalText("dir");
  const hasConfig = args.optionalText("config") !== null;
  if (hasConfig && dir !== null) throw new UsageError("give --config or --dir, not both");
  if (!hasConfig) return openDirectory(dir ?? DEFAULT_DIRECTORY, queueOf(args, io), io);
  const config = await configOfQueue(args, io);
  if (config.embedded !== null) return openDirectory(config.embedded.dir, config.queue.name, io);
  const { openClusterStores } = await import("./open-stores.ts");
  const adapters = await openClusterStores(config, io);
  return { ...adapters, queue: config.queue, retentionMs: config.retention.finishedMs };
}

async function openDirectory(dir: string, name: string, { clock }: Io): Promise<Stores> {
  if (!existsSync(dir)) throw new UsageError(`there is no directory ${dir}`);
  const { openEmbedded } = await import("@horae/embedded");
  const opened = await openEmbedded({ dir, queue: { name }, clock });
  return { ...opened, retentionMs: RETENTION_MS };
}

function queueOf(args: CommandArguments, io: Io): string {
  return args.optionalText("queue") ?? io.environment["HORAE_QUEUE_NAME"] ?? "default";
}
