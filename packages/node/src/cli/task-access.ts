import { existsSync } from "node:fs";
import type { ScheduledTask, ScheduleOutcome, TaskInput } from "@horae/client";
import type { ListQueryTexts, StaleQueryTexts } from "../listing/list-query.ts";
import type { TaskPage } from "../listing/list-tasks.ts";
import type { TaskView } from "../listing/task-view.ts";
import type { QuarantinePage } from "../quarantine-view.ts";
import type { CommandArguments, CommandOption, Io } from "./command.ts";
import { UsageError } from "./command.ts";
import { configOfQueue } from "./config-option.ts";
import { HttpAccess } from "./http-access.ts";

/** How a command reaches the tasks of a queue. */
export interface TaskAccess {
  schedule(task: TaskInput): Promise<ScheduledTask>;
  /** One outcome for each, in order. */
  scheduleMany(tasks: readonly TaskInput[]): Promise<readonly ScheduleOutcome[]>;
  /** Null when there is none. */
  get(key: string): Promise<TaskView | null>;
  list(query: ListQueryTexts): Promise<TaskPage>;
  stale(query: StaleQueryTexts): Promise<TaskPage>;
  quarantined(query: QuarantineQuery): Promise<QuarantinePage>;
  replay(filter: { readonly reason?: string }): Promise<Replayed>;
  close(): Promise<void>;
}

export interface QuarantineQuery {
  readonly reason?: string;
  /** `<partition>/<offset>`. */
  readonly position?: string;
  readonly limit: number;
}

export interface Replayed {
  readonly replayed: number;
  /** Positions of records that were left out, because only their beginning was kept. */
  readonly cut: readonly string[];
}

export const DEFAULT_DIRECTORY = ".horae";

/** Options of every command that needs a `TaskAccess`. */
export const ACCESS_OPTIONS: Readonly<Record<string, CommandOption>> = {
  config: { type: "string", describe: "Use the log and the store of this configuration" },
  url: { type: "string", describe: "Ask the node at this URL" },
  dir: {
    type: "string",
    describe: `Use this directory, or the node that has it open; default ${DEFAULT_DIRECTORY}`,
  },
  queue: { type: "string", describe: "Name of the queue; default HORAE_QUEUE_NAME or default" },
  token: { type: "string", describe: "Token of the node; default HORAE_HTTP_TOKEN" },
};

/** Throws `UsageError` when more than one place is named. */
export async function openTaskAccess(args: CommandArguments, io: Io): Promise<TaskAccess> {
  const given = ["config", "url", "dir"].filter((name) => args.optionalText(name) !== null);
  if (given.length > 1) throw new UsageError(`give --${given.join(" or --")}, not both`);
  if (given[0] === "config") return openConfigured(args, io);
  const token = args.optionalText("token") ?? io.environment["HORAE_HTTP_TOKEN"] ?? null;
  const queue = args.optionalText("queue") ?? io.environment["HORAE_QUEUE_NAME"] ?? "default";
  const url = args.optionalText("url");
  if (url !== null) return new HttpAccess({ url, queue, token, clock: io.clock });
  return openDirectory({ dir: args.optionalText("dir") ?? DEFAULT_DIRECTORY, queue, token }, io);
}

/** A directory that a node has open is reached through that node, because one process owns it. */
async function openDirectory(
  { dir, queue, token }: { dir: string; queue: string; token: string | null },
  io: Io,
): Promise<TaskAccess> {
  if (!existsSync(dir))
    throw new UsageError(`there is no directory ${dir}; make it with horae dev`);
  const { readLock } = await import("@horae/embedded");
  const lock = readLock(dir);
  const { clock } = io;
  if (lock?.url != null) return new HttpAccess({ url: lock.url, queue, token, clock });
  const { openDirectoryAccess } = await import("./open-stores.ts");
  return openDirectoryAccess({ dir, queue }, io);
}

async function openConfigured(args: CommandArguments, io: Io): Promise<TaskAccess> {
  const config = await configOfQueue(args, io);
  const queue = config.queue.name;
  if (config.embedded !== null) {
    const token = config.http?.token ?? null;
    return openDirectory({ dir: config.embedded.dir, queue, token }, io);
  }
  // Loaded only here: a command that asks a node should not wait for all drivers.
  const { openClusterAccess } = await import("./open-stores.ts");
  return openClusterAccess(config, io);
}
