import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readCorpus, runCorpusEntry, writeCorpusEntry } from "./corpus.ts";
import { forbidRealTime } from "./forbidden.ts";
import { makePlan, type PlanSize } from "./make-plan.ts";
import { Reach } from "./reach.ts";
import { REACH_LEAST, REACH_WANTED } from "./reach-wanted.ts";
import { runPlan, type SimResult } from "./run-plan.ts";
import { runSeeds, type SeedsReport } from "./run-seeds.ts";
import { shrink } from "./shrink.ts";

const HELP = `npm run sim -- [options]: the engine under hostile schedules, from seeds

  --seeds n      so many seeds (200), after the plans that once broke something
  --from k       the first of them (1)
  --minutes m    at the most so long
  --processes p  at the same time (one per core)
  --nodes n      in every plan (drawn: 1 to 5)
  --tasks n      in every plan (300)
  --seed n       this seed only
  --trace        with everything that happens in it, a line each: time, lane, event
  --no-corpus    seeds only
  --json         the report as JSON at the end`;

const CORPUS = join(import.meta.dirname, "../../test/sim/corpus");
const SHRINK_MS = 60_000;
const PROGRESS_MS = 10_000;

const { values: given } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    minutes: { type: "string", default: "1000000" },
    processes: { type: "string", default: String(availableParallelism()) },
    nodes: { type: "string" },
    tasks: { type: "string" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    "no-corpus": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    /** Of a child: every so many seeds. */
    step: { type: "string" },
  },
});

const realClock = process.hrtime.bigint.bind(process.hrtime);
const began = realClock();
const elapsedMs = (): number => Number(realClock() - began) / 1_000_000;
const size: PlanSize = {
  ...(given.nodes === undefined ? {} : { nodes: Number(given.nodes) }),
  ...(given.tasks === undefined ? {} : { tasks: Number(given.tasks) }),
};

if (given.help) console.log(HELP);
else if (given.step !== undefined) await runAsChild(Number(given.step));
else if (given.seed !== undefined) process.exitCode = (await runOne(Number(given.seed))) ? 0 : 1;
else process.exitCode = (await runAll()) ? 0 : 1;

/** One seed, for people. True when it keeps all promises. */
async function runOne(seed: number): Promise<boolean> {
  const plan = makePlan(seed, size);
  const { appends, attempts, faults, ...rest } = plan;
  if (given.trace) console.log(JSON.stringify({ ...rest, faults }, null, 1));
  const allow = forbidRealTime();
  const result = await runPlan(
    plan,
    given.trace
      ? {
          onNote: ({ atMs, lane, text }) =>
            console.log(`${atMs.toFixed(2).padStart(12)} ${lane.padEnd(6)} ${text}`),
        }
      : {},
  );
  allow();
  for (const { invariant, message } of result.violations) console.log(`${invariant} ${message}`);
  const { traceHash, events, starts, acked } = result;
  console.log(
    JSON.stringify({
      seed,
      violations: result.violations.length,
      traceHash,
      events,
      starts,
      acked,
    }),
  );
  if (result.violations.length > 0 && !given.trace) await keep(result);
  return result.violations.length === 0;
}

async function keep(result: SimResult): Promise<void> {
  const allow = forbidRealTime();
  const small = await shrink(result.plan, { clock: realClock, limitMs: SHRINK_MS });
  allow();
  const { appends, faults, nodes } = small.plan;
  const file = writeCorpusEntry(CORPUS, small);
  console.log(
    `shrunk to ${nodes} nodes, ${appends.length} appends, ${faults.length} faults: ${file}`,
  );
}

async function runAll(): Promise<boolean> {
  const isCorpusGood = given["no-corpus"] || (await runCorpus());
  const count = Number(given.seeds);
  const processes = Math.max(1, Math.min(Number(given.processes), count));
  const reports = await runChildren(processes);
  const report = sumOf(reports);
  const isReached = printReport(report);
  for (const seed of report.broken.slice(0, 3)) await runOne(seed);
  return isCorpusGood && report.broken.length === 0 && isReached && report.seeds > 0;
}

async function runCorpus(): Promise<boolean> {
  let isGood = true;
  const entries = readCorpus(CORPUS);
  for (const { name, entry } of entries) {
    const { violations } = await runCorpusEntry(entry);
    if (violations.length === 0) continue;
    isGood = false;
    console.log(`corpus ${name}: ${violations[0]!.invariant} ${violations[0]!.message}`);
  }
  console.log(`corpus: ${entries.length} plans${isGood ? ", all kept" : ""}`);
  return isGood;
}

/** Every child has every `processes`th seed. */
function runChildren(processes: number): Promise<readonly SeedsReport[]> {
  const done = new Map<number, number>();
  let shownMs = 0;
  const children = Array.from({ length: processes }, (_, index) => {
    const child = startChild(index, processes);
    return new Promise<SeedsReport>((resolve, reject) => {
      child.on("message", (message: ChildMessage) => {
        if ("report" in message) {
          resolve({ ...message.report, reach: new Map(message.report.reach) });
          return;
        }
        done.set(index, message.seeds);
        if (message.problem !== null) console.log(message.problem);
        if (elapsedMs() - shownMs < PROGRESS_MS) return;
        shownMs = elapsedMs();
        const seeds = [...done.values()].reduce((a, b) => a + b, 0);
        console.log(`${seeds} seeds, ${rate(seeds)} a minute`);
      });
      child.on("exit", (code) => reject(new Error(`a process ended with ${code}`)));
    });
  });
  return Promise.all(children);
}

type ChildMessage =
  | { readonly seeds: number; readonly problem: string | null }
  | { readonly report: Omit<SeedsReport, "reach"> & { reach: [string, number][] } };

function startChild(index: number, processes: number): ChildProcess {
  const count = Math.ceil((Number(given.seeds) - index) / processes);
  const words = [
    ...["--step", String(processes), "--seeds", String(count), "--minutes", given.minutes],
    ...["--from", String(Number(given.from) + index)],
    ...(given.nodes === undefined ? [] : ["--nodes", given.nodes]),
    ...(given.tasks === undefined ? [] : ["--tasks", given.tasks]),
  ];
  return fork(fileURLToPath(import.meta.url), words);
}

async function runAsChild(step: number): Promise<void> {
  const send = process.send!.bind(process);
  let seeds = 0;
  const report = await runSeeds({
    from: Number(given.from),
    step,
    count: Number(given.seeds),
    size,
    isTimeOver: () => elapsedMs() > Number(given.minutes) * 60_000,
    onResult: (seed, { violations }) => {
      seeds++;
      const [first] = violations;
      const problem =
        first === undefined ? null : `seed ${seed}: ${first.invariant} ${first.message}`;
      if (problem !== null || seeds % 20 === 0) send({ seeds, problem });
    },
  });
  send({ report: { ...report, reach: [...report.reach] } }, () => process.disconnect());
}

function sumOf(reports: readonly SeedsReport[]): SeedsReport {
  const reach = new Reach();
  const sum = { seeds: 0, faults: 0, events: 0, starts: 0, acked: 0, simulatedMs: 0 };
  for (const report of reports) {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += report[name];
    reach.merge(report.reach);
  }
  const broken = reports.flatMap((report) => report.broken).toSorted((a, b) => a - b);
  return { ...sum, reach: reach.counts, broken };
}

/** True when every interesting state was reached often enough for the number of seeds. */
function printReport(report: SeedsReport): boolean {
  const { seeds, faults, events, starts, acked, simulatedMs, reach, broken } = report;
  const least = Math.floor((REACH_LEAST * seeds) / 1_000);
  const missed = REACH_WANTED.filter((state) => (reach.get(state) ?? 0) < least);
  if (given.json)
    console.log(JSON.stringify({ ...report, reach: Object.fromEntries(reach), missed }));
  else {
    const states = [...reach].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [state, count] of states) {
    }
  }
  const seconds = elapsedMs() / 1_000;
  console.log(
    `${seeds} seeds, ${broken.length} broken, ${rate(seeds)} a minute; ${Math.round(simulatedMs / 3_600_000)} simulated hours, ` +
      `${acked} tasks acked, ${starts} starts, ${faults} faults (${Math.round(faults / seconds)} a second), ${Math.round(events / seconds)} events a second`,
  );
  for (const state of missed) {
    console.log(`not reached often enough: ${state} (${reach.get(state) ?? 0}, at least ${least})`);
  }
  if (broken.length > 0) console.log(`broken: ${broken.join(" ")}`);
  return missed.length === 0;
}

function rate(seeds: number): number {
  return Math.round((seeds / elapsedMs()) * 60_000);
}
