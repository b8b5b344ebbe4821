import type { TaskPage } from "../listing/list-tasks.ts";
import type { CommandArguments, CommandOption, Io } from "./command.ts";

/** Options of commands that list tasks. */
export const PAGE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  limit: { type: "string", describe: "At most so many tasks, 1 to 1000; default 100" },
  "page-token": { type: "string", describe: "Go on where a list has ended" },
  json: { type: "boolean", describe: "Print an object, as docs/cli.md describes it" },
};

/** Prints a page of tasks, and what is to be known about it. */
export async function printPage(page: TaskPage, args: CommandArguments, io: Io): Promise<void> {
  if (args.flag("json")) {
    io.out(`${JSON.stringify({ version: 1, ...page })}\n`);
    return;
  }
  const { tasks, nextPageToken, isCutShort, rowsRead } = page;
  if (tasks.length > 0) {
    // Loaded only here: programs need no dates for people.
    const { formatTasks } = await import("./format-tasks.ts");
    io.out(formatTasks(tasks, { nowMs: io.clock.nowMs(), widthMax: io.widthMax }));
  } else if (nextPageToken === null) io.err("horae: no tasks\n");
  if (isCutShort) io.err(`horae: stopped after ${rowsRead} rows; there may be more\n`);
  if (nextPageToken !== null) io.err(`horae: next page: --page-token ${nextPageToken}\n`);
}
