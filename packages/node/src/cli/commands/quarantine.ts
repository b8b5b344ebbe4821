import type { KafkaQuarantine, QuarantineFilter } from "@horae/kafka";
import type { Command, CommandArguments, CommandOption, Io } from "../command.ts";
import { CommandFailure, UsageError } from "../command.ts";
import { CONFIG_OPTION, configOf } from "../config-option.ts";
import {
  parsePosition,
  positionText,
  quarantineJson,
  quarantineLine,
  quarantineText,
} from "../format-quarantine.ts";

const REASON: CommandOption = { type: "string", describe: "Only records with this reason" };

/** `horae quarantine list`: the records that could not be taken for tasks. */
export const quarantineListCommand: Command = {
  usage: "quarantine list",
  describe: "List the records that were refused",
  options: {
    reason: REASON,
    json: { type: "boolean", describe: "Print one object per line; bytes in base64" },
    ...CONFIG_OPTION,
  },
  examples: [
    ["horae quarantine list --config c.yaml --reason VERSION_UNKNOWN", "Those of a newer build"],
  ],
  run: (args, io) =>
    withQuarantine(args, io, async (quarantine) => {
      for await (const record of quarantine.list(filterOf(args))) {
        io.out(args.flag("json") ? jsonLine(quarantineJson(record)) : quarantineLine(record));
      }
    }),
};

/** `horae quarantine show`: one of them, with its content. */
export const quarantineShowCommand: Command = {
  usage: "quarantine show <position>",
  describe: "Show a refused record; its position is <partition>/<offset>",
  options: {
    json: { type: "boolean", describe: "Print an object; bytes in base64" },
    ...CONFIG_OPTION,
  },
  examples: [["horae quarantine show 3/1042 --config c.yaml", "The record at offset 1042"]],
  run: (args, io) => {
    const position = parsePosition(args.text("position"));
    if (position === null) throw new UsageError("expected <partition>/<offset>, as in 3/1042");
    return withQuarantine(args, io, async (quarantine) => {
      for await (const record of quarantine.list({ positions: [position] })) {
        io.out(args.flag("json") ? jsonLine(quarantineJson(record)) : quarantineText(record));
        return;
      }
      throw new CommandFailure(`there is no refused record ${positionText(position)}`);
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
    ...CONFIG_OPTION,
  },
  examples: [
    ["horae quarantine replay --config c.yaml --reason VERSION_UNKNOWN", "After an upgrade"],
  ],
  run: (args, io) =>
    withQuarantine(args, io, async (quarantine) => {
      const { replayed, cut } = await quarantine.replay(filterOf(args));
      io.out(args.flag("json") ? jsonLine({ replayed, cut }) : `replayed ${replayed}\n`);
      if (cut.length === 0) return;
      const positions = cut.map(positionText).join(", ");
      io.err(`horae: left out, because only their beginning was kept: ${positions}\n`);
    }),
};

function filterOf(args: CommandArguments): QuarantineFilter {
  const reason = args.optionalText("reason");
  return reason === null ? {} : { reason };
}

async function withQuarantine(
  args: CommandArguments,
  io: Io,
  work: (quarantine: KafkaQuarantine) => Promise<void>,
): Promise<void> {
  const config = await configOf(args, io);
  // Loaded only here: other commands should not wait for a driver.
  const { openQuarantine } = await import("../../compose/quarantine.ts");
  const quarantine = openQuarantine(config, io.clock);
  try {
    await work(quarantine);
  } finally {
    await quarantine.close();
  }
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
