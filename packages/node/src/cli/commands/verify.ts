import { positionText } from "../../quarantine-view.ts";
import { verifyQueue } from "../../verify/verify-queue.ts";
import type { PartitionTally } from "../../verify/verify-source.ts";
import type { Command, CommandArguments, Io } from "../command.ts";
import { CommandFailure } from "../command.ts";
import { openStores, STORE_OPTIONS, type Stores } from "../store-options.ts";
import { type Column, formatTable } from "../table.ts";

const COLUMNS: readonly Column<PartitionTally>[] = [
  ...([
    "partition",
    "records",
    "persisted",
    "quarantined",
    "forwarded",
    "retired",
    "missing",
  ] as const),
  ...(["rows", "unfinished", "uncovered"] as const),
].map((title) => ({ title, text: (tally) => String(tally[title]) }));

/** `horae verify`: does everything add up? */
export const verifyCommand: Command = {
  usage: "verify",
  describe: "Count whether every applied record and every unfinished task is accounted for",
  options: {
    json: { type: "boolean", describe: "Print an object, as docs/cli.md describes it" },
    ...STORE_OPTIONS,
  },
  examples: [["horae verify --config cluster.yaml", "Reads everything; nodes may run meanwhile"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const stores = await openStores(args, io);
    try {
      const tallies = await verify(stores, io);
      if (args.flag("json")) io.out(`${JSON.stringify({ version: 1, partitions: tallies })}\n`);
      else io.out(formatTable(tallies, COLUMNS, io.widthMax));
      complain(tallies, io);
    } finally {
      await stores.close();
    }
  },
};

async function verify(stores: Stores, io: Io): Promise<PartitionTally[]> {
  const { log, store, leases, quarantine, queue, retentionMs } = stores;
  const quarantined = new Set<string>();
  for await (const record of quarantine.list()) quarantined.add(positionText(record));
  const retiredBeforeMs = io.clock.nowMs() - retentionMs;
  const source = { log, store, leases, queue, quarantined, retiredBeforeMs };
  return verifyQueue(source, ({ records, buckets }) => {
    io.err(
      `horae: reads ${records} records at the most, their rows and those of ${buckets} buckets\n`,
    );
  });
}

function complain(tallies: readonly PartitionTally[], io: Io): void {
  const wrong = tallies.filter(({ addsUp }) => !addsUp);
  if (wrong.length === 0) return;
  for (const { partition, examples } of wrong) {
    for (const example of examples) io.err(`horae: partition ${partition}: ${example}\n`);
  }
  throw new CommandFailure(`${wrong.length} of ${tallies.length} partitions do not add up`);
}
