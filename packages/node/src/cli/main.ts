import { hasCode } from "@horae/core";
import type { Command, Io } from "./command.ts";
import { NodeWornOut, UsageError } from "./command.ts";
import { completionCommand } from "./commands/completion.ts";
import { devCommand } from "./commands/dev.ts";
import { migrateCommand } from "./commands/migrate.ts";
import {
  quarantineListCommand,
  quarantineReplayCommand,
  quarantineShowCommand,
} from "./commands/quarantine.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { staleCommand } from "./commands/stale.ts";
import { tasksGetCommand } from "./commands/tasks-get.ts";
import { tasksListCommand } from "./commands/tasks-list.ts";
import { verifyCommand } from "./commands/verify.ts";
import { parseCommandLine } from "./parse.ts";

const COMMANDS: readonly Command[] = [
  devCommand,
  runCommand,
  migrateCommand,
  scheduleCommand,
  tasksGetCommand,
  tasksListCommand,
  staleCommand,
  quarantineListCommand,
  quarantineShowCommand,
  quarantineReplayCommand,
  verifyCommand,
];

const ALL_COMMANDS: readonly Command[] = [...COMMANDS, completionCommand(COMMANDS)];

/**
 * The command line `horae`. Resolves with the exit code: 0, 1 for a failure, 2 for bad usage, 3 for a
 * node that cannot go on.
 */
export async function main(words: readonly string[], io: Io): Promise<number> {
  try {
    const parsed = await parseCommandLine(words, ALL_COMMANDS);
    if (parsed.kind === "print") io.out(`${parsed.text.trimEnd()}\n`);
    else await parsed.command.run(parsed.args, io);
    return 0;
  } catch (error) {
    io.err(`horae: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof NodeWornOut) return 3;
  const isUsage =
    error instanceof UsageError ||
    hasCode(error, "TASK_INVALID", "REQUEST_INVALID", "SETTINGS_INVALID");
  return isUsage ? 2 : 1;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return [error.message, ...error.errors.map((one) => `  ${messageOf(one)}`)].join("\n");
  }
  return error instanceof Error ? error.message : String(error);
}
