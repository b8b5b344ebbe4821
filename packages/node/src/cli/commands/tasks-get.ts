import { parseTaskKey } from "@horae/core";
import type { Command, CommandArguments, Io } from "../command.ts";
import { CommandFailure, UsageError } from "../command.ts";
import { formatTask } from "../format-task.ts";
import { ACCESS_OPTIONS, openTaskAccess } from "../task-access.ts";

/** `horae tasks get`: what is known about one task. */
export const tasksGetCommand: Command = {
  usage: "tasks get <key>",
  describe: "Show a task and its status",
  options: {
    json: { type: "boolean", describe: "Print the object that the HTTP interface gives" },
    ...ACCESS_OPTIONS,
  },
  examples: [["horae tasks get 2026-12-01T09:00:00.000Z/customer-42/invoice-7", "Show one task"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const key = args.text("key");
    try {
      parseTaskKey(key);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    const access = await openTaskAccess(args, io);
    try {
      const task = await access.get(key);
      if (task === null)
        throw new CommandFailure(`there is no task ${key}, or no node has received it yet`);
      io.out(args.flag("json") ? `${JSON.stringify(task)}\n` : formatTask(task));
    } finally {
      await access.close();
    }
  },
};
