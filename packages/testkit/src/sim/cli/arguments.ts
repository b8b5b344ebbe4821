import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { PlanSize } from "../make-plan.ts";

export const HELP = `npm run sim -- [options]: the engine under hostile schedules, from seeds

  --seeds n      so many seeds (200), after the plans that once broke something
  --from k       the first of them (1)
  --minutes m    at the most so long
  --processes p  at the same time (one per core)
  --nodes n      in every plan (drawn: 1 to 5)
  --tasks n      in every plan (300)
  --seed n       this seed only
  --trace        with everything that happens in it, a line each: time, lane, event
  --first        stops at the first seed that breaks something, in this process, without the corpus
  --no-corpus    seeds only
  --json         the report as JSON`;

/** What a command was asked to do. */
export interface SimArguments {
  readonly seeds: number;
  readonly from: number;
  readonly minutes: number;
  readonly processes: number;
  readonly size: PlanSize;
  readonly seed: number | null;
  readonly isTraced: boolean;
  readonly hasCorpus: boolean;
  readonly isFirstOnly: boolean;
  readonly isJson: boolean;
  readonly isHelp: boolean;
  /** Of a child process: it has every so many seeds. */
  readonly step: number | null;
}

export function readArguments(words: readonly string[]): SimArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seeds: { type: "string", default: "200" },
      from: { type: "string", default: "1" },
      minutes: { type: "string", default: "1000000" },
      processes: { type: "string", default: String(availableParallelism()) },
      nodes: { type: "string" },
      tasks: { type: "string" },
      seed: { type: "string" },
      step: { type: "string" },
      trace: { type: "boolean", default: false },
      first: { type: "boolean", default: false },
      "no-corpus": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    seeds: Number(values.seeds),
    from: Number(values.from),
    minutes: Number(values.minutes),
    processes: Number(values.processes),
    size: {
      ...(values.nodes === undefined ? {} : { nodes: Number(values.nodes) }),
      ...(values.tasks === undefined ? {} : { tasks: Number(values.tasks) }),
    },
    seed: values.seed === undefined ? null : Number(values.seed),
    step: values.step === undefined ? null : Number(values.step),
    isTraced: values.trace,
    isFirstOnly: values.first,
    hasCorpus: !values["no-corpus"],
    isJson: values.json,
    isHelp: values.help,
  };
}

/** The words that make a child process take its share of the seeds. */
export function childWords(
  given: SimArguments,
  share: { index: number; processes: number },
): readonly string[] {
  const { index, processes } = share;
  const { nodes, tasks } = given.size;
  return [
    ...["--step", String(processes), "--minutes", String(given.minutes)],
    ...["--seeds", String(Math.ceil((given.seeds - index) / processes))],
    ...["--from", String(given.from + index)],
    ...(nodes === undefined ? [] : ["--nodes", String(nodes)]),
    ...(tasks === undefined ? [] : ["--tasks", String(tasks)]),
  ];
}
