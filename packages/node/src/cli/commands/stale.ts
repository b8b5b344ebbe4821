import type { Command, CommandArguments, Io } from "../command.ts";
import { UsageError } from "../command.ts";
import { parseDuration } from "../duration.ts";
import { PAGE_OPTIONS, printPage } from "../page-output.ts";
import { ACCESS_OPTIONS, openTaskAccess } from "../task-access.ts";

/** `horae stale`: unfinished tasks that were due some time ago. */
export const staleCommand: Command = {
  usage: "stale",
  describe: "List unfinished tasks that were due some time ago, the oldest first",
  options: {
    "older-than": { type: "string", describe: "How long ago, as in 90s, 5m or 2h", default: "5m" },
    ...PAGE_OPTIONS,
    ...ACCESS_OPTIONS,
  },
  examples: [["horae stale --older-than 1h", "What should have finished an hour ago"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const olderThanMs = parseDuration(args.text("older-than"));
    if (olderThanMs === null) throw new UsageError("--older-than: expected 90s, 5m, 2h or 1d");
    const query = {
      olderThanMs: String(olderThanMs),
      limit: args.optionalText("limit") ?? undefined,
      pageToken: args.optionalText("page-token") ?? undefined,
    };
    const access = await openTaskAccess(args, io);
    try {
      await printPage(await access.stale(query), args, io);
    } finally {
      await access.close();
    }
  },
};
