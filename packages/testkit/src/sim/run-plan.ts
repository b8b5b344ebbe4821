import { isFinished, taskKeyToken, type TaskRow } from "@horae/core";
import { checkHistory, type FinalTask, finalTaskOf, type Violation } from "../checker/index.ts";
import { checkCutNodes } from "./check-cut-nodes.ts";
import { checkRetention, retentionSpanMs } from "./check-retention.ts";
import { checkStalls } from "./check-stalls.ts";
import { excusedTasks } from "./log-losses.ts";
import { Nemesis } from "./nemesis.ts";
import type { Plan } from "./plan.ts";
import { SimClients } from "./sim-clients.ts";
import { SimCluster } from "./sim-cluster.ts";
import { World, type WorldOptions } from "./world.ts";

/** A drain is looked at so often, and for so long at the most. */
const DRAIN_STEP_MS = 20_000;
const DRAIN_MAX_MS = 4 * 3_600_000;
/** Nodes start within this time. */
const STARTS_MS = 3_000;

export interface SimResult {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly reach: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
  readonly events: number;
  readonly faults: number;
  readonly starts: number;
  readonly acked: number;
}

/** Runs one plan to its end and checks it. The same plan gives the same result, bit for bit. */
export async function runPlan(
  plan: Plan,
  options: Pick<WorldOptions, "onNote"> = {},
): Promise<SimResult> {
  const world = new World({ seed: plan.seed, ...options });
  const cluster = new SimCluster(world, plan);
  const nemesis = new Nemesis(cluster);
  const clients = new SimClients(cluster);
  const starts = world.stream();
  for (const node of cluster.nodes) world.after(starts.next() * STARTS_MS, () => node.start());
  clients.schedule(plan.appends);
  nemesis.schedule(plan.faults);
  world.after(plan.healMs, () => nemesis.heal());
  // Errors are thrown by the thousand; where from is asked of a traced run only.
  const { stackTraceLimit } = Error;
  if (options.onNote === undefined) Error.stackTraceLimit = 0;
  const onRejection = (error: unknown): void => cluster.watch.fail(error);
  process.on("unhandledRejection", onRejection);
  try {
    await drain(cluster);
  } catch (error) {
    cluster.watch.fail(error);
  } finally {
    process.off("unhandledRejection", onRejection);
    Error.stackTraceLimit = stackTraceLimit;
  }
  cluster.watch.checkQuarantine(clients.poison);
  return resultOf(cluster);
}

/** To the horizon, and on until every acked task has ended and retention has had its time. */
async function drain(cluster: SimCluster): Promise<void> {
  const { world, plan, watch } = cluster;
  const isBroken = (): boolean => watch.violations.length > 0;
  await world.run(plan.horizonMs, isBroken);
  const limitMs = plan.horizonMs + DRAIN_MAX_MS;
  while (!isBroken() && world.nowMs < limitMs && !isDrained(cluster)) {
    await world.run(world.nowMs + DRAIN_STEP_MS, isBroken);
  }
  await world.run(world.nowMs + retentionSpanMs(cluster), isBroken);
}

function isDrained(cluster: SimCluster): boolean {
  const { recorder, plan, store } = cluster;
  const finished = new Set([...excusedTasks(cluster), ...cluster.watch.deleted.keys()]);
  for (const { key, status } of rowsOf(plan, store)) {
    if (isFinished(status)) finished.add(taskKeyToken(key));
  }
  const asked = new Map<number, string>();
  for (const line of recorder.lines) {
    if (line.line === "ask") asked.set(line.call, taskKeyToken(line.key));
    if (line.line === "answer" && line.answer === "acked" && !finished.has(asked.get(line.call)!)) {
      return false;
    }
  }
  return true;
}

function rowsOf(plan: Plan, store: SimCluster["store"]): TaskRow[] {
  return Array.from({ length: plan.partitions }, (_, partition) =>
    [...store.partition(partition).buckets.values()].flatMap((bucket) => bucket.peek(store.all)),
  ).flat();
}

function resultOf(cluster: SimCluster): SimResult {
  const { world, plan, watch, recorder, store, reach } = cluster;
  const isBroken = watch.violations.length > 0;
  const left = rowsOf(plan, store)
    .filter(({ request }) => request !== null)
    .map(finalTaskOf);
  // What is left of a task that was deleted and came again counts.
  const final: FinalTask[] = [...watch.deleted.values(), ...left];
  const history = recorder.history(final, {
    isDrained: !isBroken,
    deleted: new Set(watch.deleted.keys()),
    unapplied: watch.unapplied.epochs,
    excused: excusedTasks(cluster),
  });
  const isSkipping = plan.appends.some(({ options }) => options.onRetry === "skip");
  const report = checkHistory(history, {
    graceMs: 3 * plan.settings.leasePeriodMs! + plan.sessionMs + 20_000,
    // A process that is stopped for ever never notices.
    zombieMs: plan.mode === "liveness" ? Infinity : 600_000,
    onRetry: isSkipping ? "skip" : "block",
  });
  // What was seen first says most; a run that was broken off has not been drained.
  const later = isBroken
    ? []
    : [
        ...report.violations,
        ...checkStalls(cluster),
        ...checkRetention(cluster),
        ...checkCutNodes(cluster),
      ];
  reach.add("a zombie's attempt beside its successor's", report.counts.zombies);
  reach.add("a start again, inside a fault", report.counts.allowedRepeats);
  return {
    plan,
    violations: [...watch.violations, ...later],
    traceHash: world.traceHash,
    reach: reach.counts,
    simulatedMs: world.nowMs,
    events: world.events,
    faults: cluster.harms,
    starts: report.counts.starts,
    acked: report.counts.acked,
  };
}
