import { existsSync } from "node:fs";
import type { ScheduledTask, TaskInput } from "@horae/client";
import { readLock } from "@horae/embedded";
import type { TaskView } from "../listing/task-view.ts";
import type { CommandArguments, CommandOption, Io } from "./command.ts";
import { UsageError } from "./command.ts";
import { DirectoryAccess } from "./directory-access.ts";
import { HttpAccess } from "./http-access.ts";

/** How a command reaches the tasks of a queue. */
export interface TaskAccess {
  schedule(task: TaskInput): Promise<ScheduledTask>;
  /** Null when there is none. */
  get(key: string): Promise<TaskView | null>;
  close(): Promise<void>;
}

export const DEFAULT_DIRECTORY = ".horae";

/** Options of every command that needs a `TaskAccess`. */
export const ACCESS_OPTIONS: Readonly<Record<string, CommandOption>> = {
  url: { type: "string", describe: "Ask the node at this URL" },
  dir: {
    type: "string",
    describe: `Use this directory, or the node that has it open; default ${DEFAULT_DIRECTORY}`,
  },
  queue: { type: "string", describe: "Name of the queue; default HORAE_QUEUE_NAME or default" },
};

/** A directory that a node has open is reached through that node, because one process owns it. */
export async function openTaskAccess(args: CommandArguments, io: Io): Promise<TaskAccess> {
  const url = args.optionalText("url");
  const queue = args.optionalText("queue") ?? io.environment["HORAE_QUEUE_NAME"] ?? "default";
  const { clock, random } = io;
  if (url !== null) {
    if (args.optionalText("dir") !== null) throw new UsageError("give --url or --dir, not both");
    return new HttpAccess({ url, queue, clock });
  }
  const dir = args.optionalText("dir") ?? DEFAULT_DIRECTORY;
  if (!existsSync(dir))
    throw new UsageError(`there is no directory ${dir}; make it with horae dev`);
  const lock = readLock(dir);
  if (lock?.url != null) return new HttpAccess({ url: lock.url, queue, clock });
  return DirectoryAccess.open({ dir, queue, clock, random });
}
