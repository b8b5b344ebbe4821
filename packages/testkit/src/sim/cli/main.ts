import { readCorpus, runCorpusEntry } from "../corpus.ts";
import { runSeeds } from "../run-seeds.ts";
import { HELP, readArguments, type SimArguments } from "./arguments.ts";
import { runAsChild, runChildren } from "./children.ts";
import { printReport } from "./report.ts";
import { CORPUS, runOne } from "./run-one.ts";

/** Broken seeds that are shrunk and kept at once. */
const KEPT_MAX = 3;

const given = readArguments(process.argv.slice(2));
if (given.isHelp) console.log(HELP);
else if (given.step !== null) await runAsChild(given);
else if (given.seed !== null) process.exitCode = (await runOne(given.seed, given)) ? 0 : 1;
else if (given.isFirstOnly) process.exitCode = (await runToFirst(given)) ? 0 : 1;
else process.exitCode = (await runAll(given)) ? 0 : 1;

async function runAll(asked: SimArguments): Promise<boolean> {
  const isCorpusGood = !asked.hasCorpus || (await runCorpus());
  const report = await runChildren(asked);
  const isGood = printReport(report, asked.isJson);
  for (const seed of report.broken.slice(0, KEPT_MAX)) {
    await runOne(seed, { size: asked.size, isTraced: false });
  }
  return isCorpusGood && isGood;
}

/** True when no seed breaks anything. */
async function runToFirst({ seeds, from, size }: SimArguments): Promise<boolean> {
  let found = "";
  const report = await runSeeds({
    from,
    step: 1,
    count: seeds,
    size,
    isTimeOver: () => found !== "",
    onResult: (seed, { violations: [first] }) => {
      if (first !== undefined) found = `${first.invariant} ${first.message} (seed ${seed})`;
    },
  });
  console.log(found === "" ? "nothing found" : `found after ${report.seeds} seeds: ${found}`);
  return found === "";
}

async function runCorpus(): Promise<boolean> {
  let isGood = true;
  const entries = readCorpus(CORPUS);
  for (const { name, entry } of entries) {
    const [first] = (await runCorpusEntry(entry)).violations;
    if (first === undefined) continue;
    isGood = false;
    console.log(`corpus ${name}: ${first.invariant} ${first.message}`);
  }
  console.log(`corpus: ${entries.length} plans${isGood ? ", all kept" : ""}`);
  return isGood;
}
