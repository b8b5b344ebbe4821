import type { ScheduledTask, ScheduleOutcome, TaskInput } from "@horae/client";
import type { Command, CommandArguments, Io } from "../command.ts";
import { CommandFailure, UsageError } from "../command.ts";
import { readData } from "../data-argument.ts";
import { parseDuration } from "../duration.ts";
import { ACCESS_OPTIONS, openTaskAccess } from "../task-access.ts";

const COUNT_MAX = 100_000;

/** `horae schedule`: prints the key of the task once it is durable. */
export const scheduleCommand: Command = {
  usage: "schedule",
  describe: "Schedule a task",
  options: {
    type: { type: "string", required: true, describe: "Task type: which handler runs it" },
    "ordering-id": { type: "string", required: true, describe: "Serial scope of the task" },
    at: { type: "string", describe: "Scheduled time, ISO 8601 with Z or offset" },
    in: { type: "string", describe: "Time from now, as in 10s, 5m, 2h, 1d or 500ms" },
    "uniqueness-key": {
      type: "string",
      describe: "Tells tasks of one time apart; made up if absent",
    },
    data: { type: "string", describe: "JSON, @file, or - for the standard input" },
    count: {
      type: "string",
      describe: "Schedule so many, 1 to 100000; a given uniqueness key gets -1, -2, ...",
    },
    json: { type: "boolean", describe: "Print an object per task: key, partition, offset" },
    ...ACCESS_OPTIONS,
  },
  examples: [
    ["horae schedule --type hello --ordering-id me --in 10s", "Run a task in ten seconds"],
    ["horae schedule --type hello --ordering-id me --in 1h --data '{\"n\":1}'", "With data"],
  ],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const task = await taskOf(args, io);
    const count = countOf(args);
    const print = ({ key, partition, offset }: ScheduledTask): void => {
      io.out(`${args.flag("json") ? JSON.stringify({ key, partition, offset }) : key}\n`);
    };
    const access = await openTaskAccess(args, io);
    try {
      if (count === null) print(await access.schedule(task));
      else printMany(await access.scheduleMany(copiesOf(task, count)), print);
    } finally {
      await access.close();
    }
  },
};

/** Throws when one of them failed, after the others were printed. */
function printMany(
  outcomes: readonly ScheduleOutcome[],
  print: (scheduled: ScheduledTask) => void,
): void {
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
  for (const outcome of outcomes) if (outcome.ok) print(outcome);
  const [first] = failures;
  if (first === undefined) return;
  throw new CommandFailure(`${failures.length} of ${outcomes.length} failed: ${first.message}`);
}

function copiesOf(task: TaskInput, count: number): TaskInput[] {
  const { uniquenessKey } = task;
  return Array.from({ length: count }, (_, n) =>
    uniquenessKey === undefined ? task : { ...task, uniquenessKey: `${uniquenessKey}-${n + 1}` },
  );
}

function countOf(args: CommandArguments): number | null {
  const text = args.optionalText("count");
  if (text === null) return null;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > COUNT_MAX) throw new UsageError(`--count: expected 1 to ${COUNT_MAX}`);
  return count;
}

async function taskOf(args: CommandArguments, io: Io): Promise<TaskInput> {
  const data = args.optionalText("data");
  const uniquenessKey = args.optionalText("uniqueness-key");
  return {
    type: args.text("type"),
    orderingId: args.text("ordering-id"),
    scheduledTime: scheduledTimeOf(args, io),
    ...(uniquenessKey !== null && { uniquenessKey }),
    ...(data !== null && { data: await readData(data, io) }),
  };
}

function scheduledTimeOf(args: CommandArguments, io: Io): string | number {
  const at = args.optionalText("at");
  const delay = args.optionalText("in");
  if ((at === null) === (delay === null)) throw new UsageError("give --at or --in, and not both");
  if (at !== null) return at;
  const delayMs = parseDuration(delay!);
  if (delayMs === null) throw new UsageError(`--in: expected 10s, 5m, 2h, 1d or 500ms`);
  return io.clock.nowMs() + delayMs;
}
