import { fork } from "node:child_process";
import { runSeeds, type SeedsReport, SeedsTally } from "../run-seeds.ts";
import { childWords, type SimArguments } from "./arguments.ts";
import { elapsedMs } from "./stopwatch.ts";

const PROGRESS_MS = 10_000;
/** A seed leaves much behind that dies young: more room for it, megabytes, and less of it is copied. */
const YOUNG_SPACE = "--max-semi-space-size=64";
/** The cores are busy with seeds: helpers that collect beside a process take them from another. */
const NO_HELPERS = "--single-threaded-gc";
/** A child says so often how far it is. */
const SEEDS_PER_MESSAGE = 20;

type Message =
  | { readonly seeds: number; readonly problem: string | null }
  | { readonly report: Omit<SeedsReport, "reach"> & { readonly reach: [string, number][] } };

/** Runs the seeds in several processes: each has every so many of them. */
export async function runChildren(given: SimArguments): Promise<SeedsReport> {
  const processes = Math.max(1, Math.min(given.processes, given.seeds));
  const progress = new Progress();
  const reports = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      runChild(childWords(given, { index, processes }), (message) => progress.note(index, message)),
    ),
  );
  const tally = new SeedsTally();
  for (const report of reports) tally.add(report);
  return tally.report;
}

/** What a child process does. */
export async function runAsChild(given: SimArguments): Promise<void> {
  const send = process.send!.bind(process);
  let seeds = 0;
  const report = await runSeeds({
    from: given.from,
    step: given.step ?? 1,
    count: given.seeds,
    size: given.size,
    isTimeOver: () => elapsedMs() > given.minutes * 60_000,
    onResult: (seed, { violations: [first] }) => {
      seeds++;
      const problem =
        first === undefined ? null : `seed ${seed}: ${first.invariant} ${first.message}`;
      if (problem !== null || seeds % SEEDS_PER_MESSAGE === 0) send({ seeds, problem });
    },
  });
  send({ report: { ...report, reach: [...report.reach] } }, () => process.disconnect());
}

function runChild(
  words: readonly string[],
  onProgress: (message: Extract<Message, { seeds: number }>) => void,
): Promise<SeedsReport> {
  const child = fork(process.argv[1]!, words, { execArgv: [YOUNG_SPACE, NO_HELPERS] });
  return new Promise((resolve, reject) => {
    child.on("message", (message: Message) => {
      if ("report" in message) {
        resolve({ ...message.report, reach: new Map(message.report.reach) });
      } else onProgress(message);
    });
    child.on("exit", (code) => reject(new Error(`a process ended with ${code}`)));
  });
}

class Progress {
  readonly #seeds = new Map<number, number>();
  #shownMs = 0;

  note(child: number, { seeds, problem }: Extract<Message, { seeds: number }>): void {
    this.#seeds.set(child, seeds);
    if (problem !== null) console.log(problem);
    if (elapsedMs() - this.#shownMs < PROGRESS_MS) return;
    this.#shownMs = elapsedMs();
    const sum = [...this.#seeds.values()].reduce((a, b) => a + b, 0);
    console.log(`${sum} seeds, ${Math.round((sum / elapsedMs()) * 60_000)} a minute`);
  }
}
