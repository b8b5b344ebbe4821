import type { Command, CommandArguments, CommandOption, Io } from "../command.ts";
import { CommandFailure, UsageError } from "../command.ts";
import { formatQuarantine, formatQuarantined } from "../format-quarantine.ts";
import { limitOf } from "../../listing/list-query.ts";
import { parsePosition } from "../../quarantine-view.ts";
import type { TaskAccess } from "../task-access.ts";
import { ACCESS_OPTIONS, openTaskAccess } from "../task-access.ts";

const REASON: CommandOption = { type: "string", describe: "Only records with this reason" };

/** `horae quarantine list`: the records that could not be taken for tasks. */
export const quarantineListCommand: Command = {
  usage: "quarantine list",
  describe: "List the records that were refused",
  options: {
    reason: REASON,
    limit: { type: "string", describe: "At most so many, 1 to 1000; default 100" },
    json: { type: "boolean", describe: "Print an object, as docs/cli.md describes it" },
    ...ACCESS_OPTIONS,
  },
  examples: [["horae quarantine list --reason VERSION_UNSUPPORTED", "Those of a newer build"]],
  run: (args, io) => {
    const limit = limitOf(args.optionalText("limit") ?? undefined);
    return withAccess(args, io, async (access) => {
      const page = await access.quarantined({ ...filterOf(args), limit });
      const { records, isCutShort } = page;
      if (args.flag("json")) io.out(jsonLine({ version: 1, ...page }));
      else if (records.length === 0) io.err("horae: no refused records\n");
      else io.out(formatQuarantine(records, io.widthMax));
      if (isCutShort && !args.flag("json")) io.err("horae: there are more; see --limit\n");
    });
  },
};

/** `horae quarantine show`: one of them, with its content. */
export const quarantineShowCommand: Command = {
  usage: "quarantine show <position>",
  describe: "Show a refused record; its position is <partition>/<offset>",
  options: {
    json: { type: "boolean", describe: "Print an object; bytes in base64" },
    ...ACCESS_OPTIONS,
  },
  examples: [["horae quarantine show 3/1042", "The record at offset 1042 of partition 3"]],
  run: (args, io) => {
    const position = args.text("position");
    if (parsePosition(position) === null) {
      throw new UsageError("expected <partition>/<offset>, as in 3/1042");
    }
    return withAccess(args, io, async (access) => {
      const [record] = (await access.quarantined({ position, limit: 1 })).records;
      if (record === undefined) throw new CommandFailure(`there is no refused record ${position}`);
      const text = args.flag("json")
        ? jsonLine({ version: 1, ...record })
        : formatQuarantined(record);
      io.out(text);
    });
  },
};

/** `horae quarantine replay`: appends the original bytes again. */
export const quarantineReplayCommand: Command = {
  usage: "quarantine replay",
  describe: "Append refused records to the queue again, each once",
  options: {
    reason: REASON,
    json: { type: "boolean", describe: "Print an object: replayed, cut" },
    ...ACCESS_OPTIONS,
  },
  examples: [["horae quarantine replay --reason VERSION_UNSUPPORTED", "After an upgrade"]],
  run: (args, io) =>
    withAccess(args, io, async (access) => {
      const result = await access.replay(filterOf(args));
      const { replayed, cut } = result;
      io.out(args.flag("json") ? jsonLine({ version: 1, ...result }) : `replayed ${replayed}\n`);
      if (cut.length === 0) return;
      io.err(`horae: left out, because only their beginning was kept: ${cut.join(", ")}\n`);
    }),
};

function filterOf(args: CommandArguments): { readonly reason?: string } {
  const reason = args.optionalText("reason");
  return reason === null ? {} : { reason };
}

async function withAccess(
  args: CommandArguments,
  io: Io,
  work: (access: TaskAccess) => Promise<void>,
): Promise<void> {
  const access = await openTaskAccess(args, io);
  try {
    await work(access);
  } finally {
    await access.close();
  }
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
