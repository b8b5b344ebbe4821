import { SeededRandom, type TaskKey, taskKeyToken } from "@horae/core";
import { EPOCH_MS } from "./sim-clock.ts";
import type { Latency } from "./exchange.ts";
import { drawFocus, type Focus } from "./focus.ts";
import { makeFaults } from "./make-faults.ts";
import { Dice } from "./dice.ts";
import type { Plan, PlannedAppend, PlannedAttempt } from "./plan.ts";
import { makeSettings, NO_RETENTION_MS } from "./make-settings.ts";
import { NO_LOG_HARM } from "./sim-log.ts";
import { NO_STORE_HARM, type StoreHarm } from "./store-traffic.ts";

const HOUR_MS = 3_600_000;

/** What all plans of a run have in common. */
export interface PlanSize {
  readonly nodes?: number;
  readonly tasks?: number;
}

/** Swarm testing: the seed draws which features a run has at all, then how strong each one is. */
export function makePlan(seed: number, size: PlanSize = {}): Plan {
  const dice = new Dice(new SeededRandom(seed));
  const nodes = size.nodes ?? 1 + dice.below(5);
  const partitions = dice.pick([1, 1, 2, 2, 3, 5]);
  const replicas = dice.isHead(0.85) ? 3 : 1;
  const healMs = HOUR_MS * (0.7 + 0.15 * dice.next());
  const mode = dice.isHead(0.25) ? "liveness" : "safety";
  const core = mode === "liveness" ? [dice.below(nodes)] : [];
  const focus = drawFocus(dice);
  const settings = { ...makeSettings(dice), ...focus.settings };
  // A task that was deleted and comes again is a new one, and may run.
  const mayRepeat = settings.retentionMs === NO_RETENTION_MS;
  const load = makeLoad(dice, { tasks: size.tasks ?? 300, healMs, focus, mayRepeat });
  const sessionMs = dice.pick([6_000, 10_000, 20_000]);
  return {
    seed,
    mode,
    core,
    healMs,
    horizonMs: HOUR_MS,
    nodes,
    partitions,
    replicas,
    bucketMs: focus.bucketMs ?? dice.pick([10_000, 60_000, 600_000]),
    settings,
    clocks: makeClocks(dice, nodes),
    storeLatency: makeLatency(dice, focus.storeSlowMs),
    logLatency: makeLatency(dice, focus.logSlowMs),
    storeHarm: makeStoreHarm(dice, focus),
    logHarm: {
      ...NO_LOG_HARM,
      unavailable: dice.rate(0.1),
      answerLost: dice.rate(0.1),
      requestLost: dice.rate(0.05),
      late: dice.rate(0.05),
      lateMaxMs: 30_000,
      duplicate: mayRepeat ? dice.rate(0.1) : 0,
      gap: dice.rate(0.3),
    },
    sessionMs,
    rebalanceMaxMs: dice.pick([200, 3_000, 10_000]),
    ...load,
    faults: makeFaults(dice, {
      nodes,
      partitions,
      replicas,
      healMs,
      mode,
      core,
      sessionMs,
      leasePeriodMs: settings.leasePeriodMs,
      mayLose: mayRepeat,
      focus,
    }),
  };
}

function makeClocks(dice: Dice, nodes: number): Plan["clocks"] {
  const spreadMs = dice.isHead(0.5) ? 0 : dice.logUniform(1, 20_000);
  const driftPpm = dice.isHead(0.5) ? 0 : 200;
  return Array.from({ length: nodes }, () => ({
    offsetMs: Math.round((dice.next() * 2 - 1) * spreadMs),
    driftPpm: (dice.next() * 2 - 1) * driftPpm,
  }));
}

function makeLatency(dice: Dice, leastMs: number): Latency {
  return {
    typicalMs: Math.max(dice.logUniform(0.3, 20), leastMs),
    tailShare: dice.isHead(0.5) ? 0 : dice.next() * 0.1,
    tailMs: dice.logUniform(10, 1_500),
    timeoutMs: dice.pick([500, 2_000, 5_000]),
  };
}

function makeStoreHarm(dice: Dice, { storeHarm }: Focus): StoreHarm {
  return {
    ...NO_STORE_HARM,
    unavailable: dice.rate(0.1),
    answerLost: dice.rate(0.05),
    requestLost: dice.rate(0.05),
    partial: dice.rate(0.05),
    late: dice.rate(0.05),
    lateMaxMs: dice.logUniform(100, 120_000),
    lag: dice.rate(0.3),
    parts: dice.rate(0.5),
    ...storeHarm,
  };
}

interface LoadShape {
  readonly tasks: number;
  readonly healMs: number;
  readonly focus: Focus;
  /** May a task be scheduled twice? */
  readonly mayRepeat: boolean;
}

/** Tasks in bursts and single ones, near and far, some of them twice, some of them bad. */
function makeLoad(dice: Dice, shape: LoadShape): Pick<Plan, "appends" | "attempts"> {
  const { focus } = shape;
  const idsDrawn = dice.pick([1, 3, 12, 60]);
  const ids = focus.orderingIds ?? idsDrawn;
  const duplicateShare = dice.isHead(0.4) || !shape.mayRepeat ? 0 : dice.next() * 0.3;
  const badShare = dice.isHead(0.6) ? 0 : dice.next() * 0.1;
  const nature = makeNature(dice, focus);
  const appends: PlannedAppend[] = [];
  const attempts: Record<string, readonly PlannedAttempt[]> = {};
  let atMs = 0;
  const gapMs = (shape.healMs * 0.95) / shape.tasks;
  let burst = 0;
  for (let number = 0; number < shape.tasks; number++) {
    if (burst-- <= 0) {
      burst = dice.isHead(focus.burstShare) ? dice.below(focus.burstMax) : 0;
      atMs = number * gapMs * (0.9 + 0.1 * dice.next());
    }
    const again = dice.isHead(duplicateShare) ? pickAgain(dice, appends) : null;
    const key = again?.key ?? makeKey(dice, { atMs, ids, number, focus });
    const kind = !dice.isHead(badShare) ? "task" : dice.isHead(0.5) ? "poison" : "misplaced";
    const options = again?.options ?? { ...nature.options(), maxAttempts: nature.maxAttempts };
    appends.push({ atMs, kind, key, data: number, options });
    attempts[taskKeyToken(key)] ??= nature.attempts();
  }
  return { appends, attempts };
}

/** One that was appended before: any, or one of the last, about to run or just over. */
function pickAgain(dice: Dice, appends: readonly PlannedAppend[]): PlannedAppend | null {
  if (appends.length === 0) return null;
  return dice.pick(dice.isHead(0.5) ? appends.slice(-6) : appends);
}

function makeKey(
  dice: Dice,
  at: { atMs: number; ids: number; number: number; focus: Focus },
): TaskKey {
  const { aheadMaxMs, dueShare, lateMaxMs } = at.focus;
  const farMs = dice.isHead(0.8) ? 60_000 : 900_000;
  const aheadMs = dice.isHead(dueShare)
    ? dice.next() * (2_000 + lateMaxMs) - lateMaxMs
    : dice.next() * (aheadMaxMs ?? farMs);
  return {
    scheduledTimeMs: Math.max(0, Math.floor(EPOCH_MS + at.atMs + aheadMs)),
    orderingId: `o${dice.below(at.ids)}`,
    uniquenessKey: dice.isHead(0.5) ? `u${at.number}` : `u${dice.below(5)}`,
  };
}

interface Nature {
  readonly maxAttempts: number;
  options(): PlannedAppend["options"];
  attempts(): readonly PlannedAttempt[];
}

/** How tasks of this run behave: mostly well, or not at all. */
function makeNature(dice: Dice, focus: Focus): Nature {
  const failDrawn = dice.isHead(0.4) ? 0 : dice.next() * 0.5;
  const failShare = focus.failShare ?? failDrawn;
  const slowDrawn = dice.isHead(0.4) ? 0 : dice.next() * 0.2;
  const slowShare = focus.slowShare ?? slowDrawn;
  const oddShare = dice.isHead(0.5) ? 0 : dice.next() * 0.03;
  const killShare = dice.isHead(0.7) ? 0 : dice.next() * 0.01;
  const onRetry = dice.pick(["block", "skip", "mixed"] as const);
  const initialMs = dice.pick([200, 2_000, 20_000]);
  const maxAttempts = dice.pick([1, 3, 5, 20]);
  const doomedShare = maxAttempts > 3 || dice.isHead(0.7) ? 0 : 0.01;
  const one = (): PlannedAttempt => {
    const durationMs = dice.isHead(slowShare) ? dice.next() * 40_000 : dice.next() * 50;
    if (dice.isHead(killShare)) return { durationMs, end: "kill" };
    if (dice.isHead(oddShare)) return { durationMs, end: dice.pick(["hang", "deaf", "fails"]) };
    if (!dice.isHead(failShare)) return { durationMs, end: "returns" };
    if (dice.isHead(0.3)) return { durationMs, end: "later", laterMs: dice.below(60_000) };
    return { durationMs, end: "throws" };
  };
  return {
    maxAttempts,
    options: () => ({
      onRetry: onRetry === "mixed" ? dice.pick(["block", "skip"]) : onRetry,
      attemptTimeoutMs: dice.pick([20_000, 60_000]),
      backoff: { initialMs, maxMs: Math.max(initialMs, 60_000), jitter: 0.1 },
    }),
    attempts: () =>
      // Some kill their process whenever they run, until their attempts are used up.
      dice.isHead(doomedShare)
        ? [{ durationMs: 5, end: "kill" }]
        : [one(), one(), { durationMs: 10, end: "returns" }],
  };
}
