import type { Command, CommandArguments, Io } from "../command.ts";
import { momentText } from "../moment.ts";
import { PAGE_OPTIONS, printPage } from "../page-output.ts";
import { ACCESS_OPTIONS, openTaskAccess } from "../task-access.ts";

/** `horae tasks list`: tasks of a span of time. */
export const tasksListCommand: Command = {
  usage: "tasks list",
  describe: "List tasks of a span of time",
  options: {
    "ordering-id": { type: "string", describe: "Only of this ordering id" },
    status: {
      type: "string",
      describe: "Only pending, retrying, running, succeeded, or failed (by time of failure)",
    },
    type: { type: "string", describe: "Only of this task type" },
    from: { type: "string", describe: "ISO 8601 or now-2h; default now-1h" },
    to: { type: "string", describe: "ISO 8601 or now+1d, not included; default now+1h" },
    ...PAGE_OPTIONS,
    ...ACCESS_OPTIONS,
  },
  examples: [
    ["horae tasks list --from now --to now+1d", "What is due within a day"],
    ["horae tasks list --status failed --from now-1d --to now", "What has failed since yesterday"],
  ],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const moment = (option: string): string | undefined => {
      const text = args.optionalText(option);
      return text === null ? undefined : momentText(option, text, io.clock.nowMs());
    };
    const query = {
      orderingId: args.optionalText("ordering-id") ?? undefined,
      status: args.optionalText("status") ?? undefined,
      type: args.optionalText("type") ?? undefined,
      from: moment("from"),
      to: moment("to"),
      limit: args.optionalText("limit") ?? undefined,
      pageToken: args.optionalText("page-token") ?? undefined,
    };
    const access = await openTaskAccess(args, io);
    try {
      await printPage(await access.list(query), args, io);
    } finally {
      await access.close();
    }
  },
};
