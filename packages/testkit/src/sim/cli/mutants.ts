import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { MutantCopy } from "../mutants/build-mutant.ts";
import { ALL_MUTANTS } from "../mutants/index.ts";
import type { Mutant } from "../mutants/mutant.ts";

const HELP = `npm run sim:mutants -- [options] [part of a name ...]: does the simulator find planted bugs?

  --seeds n      each must be found within so many seeds (2000), or else by a plan of the corpus
  --from k       the first of them (1)
  --processes p  mutants at the same time (one per core)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    processes: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});

/** So much is said of what was broken. */
const HOW_MAX = 140;

interface Finding {
  readonly mutant: Mutant;
  /** After how many seeds it was found; null: not by seeds. */
  readonly seeds: number | null;
  /** A plan of the corpus finds it, where seeds do not. */
  readonly isInCorpus: boolean;
  readonly how: string;
}

if (values.help) console.log(HELP);
else process.exitCode = (await runAll()) ? 0 : 1;

async function runAll(): Promise<boolean> {
  const queue = ALL_MUTANTS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  const findings: Finding[] = [];
  const work = async (): Promise<void> => {
    const copy = new MutantCopy();
    try {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const finding = await hunt(copy, mutant);
        findings.push(finding);
        const after = finding.isInCorpus ? "corpus" : `${finding.seeds ?? "SURVIVED"} seeds`;
        console.log(`${after}: ${mutant.name} ${finding.how}`);
      }
    } finally {
      copy.remove();
    }
  };
  await Promise.all(Array.from({ length: Number(values.processes) }, work));
  const found = findings.map(({ seeds }) => seeds).filter((seeds) => seeds !== null);
  const median = found.toSorted((a, b) => a - b)[found.length >> 1];
  const inCorpus = findings.filter(({ isInCorpus }) => isInCorpus);
  const survivors = findings.filter(({ seeds, isInCorpus }) => seeds === null && !isInCorpus);
  console.log(
    `${found.length} of ${findings.length} found by seeds, median ${median}, worst ` +
      `${Math.max(...found)}; ${inCorpus.length} more by plans of the corpus`,
  );
  for (const { mutant } of survivors) console.log(`survived: ${mutant.name} (${mutant.breaks})`);
  return survivors.length === 0;
}

/** Runs seeds until one breaks; then what once broke, as every run in CI does. */
async function hunt(copy: MutantCopy, mutant: Mutant): Promise<Finding> {
  const remove = copy.plant(mutant);
  try {
    const words = ["--seeds", values.seeds, "--from", values.from, "--first"];
    const output = await run(copy.command, words);
    const found = /^found after (\d+) seeds: (.*)/m.exec(output);
    if (found !== null) {
      const how = `- ${found[2]!.slice(0, HOW_MAX)}`;
      return { mutant, seeds: Number(found[1]), isInCorpus: false, how };
    }
    if (!output.includes("nothing found")) {
      // It ran out of memory, or could not be built: no finding, and no reason to leave the others out.
      console.error(`${mutant.name} broke down: ${output.slice(-2_000)}`);
      return { mutant, seeds: null, isInCorpus: false, how: "- broke down" };
    }
    const broken = /^corpus (\S+\.json: .*)/m.exec(await run(copy.command, ["--seeds", "0"]));
    const how = broken === null ? "" : `- ${broken[1]!.slice(0, HOW_MAX)}`;
    return { mutant, seeds: null, isInCorpus: broken !== null, how };
  } finally {
    remove();
  }
}

function run(command: string, words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [command, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const take = (text: Buffer): void => {
    output += text.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    child.on("close", () => resolve(output));
  });
}
