import { partitionOf, taskKeyToken } from "@horae/core";
import type { HistoryLine, StartLine, Violation } from "../checker/index.ts";
import type { Plan, PlannedAppend, PlannedAttempt } from "./plan.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** So late a first start may be while nothing is broken and nothing is in its way. */
const PATIENCE_MS = 60_000;

/** A handler that takes longer may meet its time-out. */
const SLOW_MS = 15_000;

/** What was due when, nobody can say over a step of a wall clock. */
const CLOCK_FAULTS: ReadonlySet<string> = new Set(["stepClock", "clock set right"]);

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * L6: no task waits in silence. From the moment a task is due and on the log, its owner must be given
 * records that lie before it, or some attempt of its ordering id must be under way, or start within a
 * minute, unless a fault lies in between. Asked of ordering ids without retries only, because a lane
 * that waits for one is quiet by right; those that wait must not hold up the others (S14).
 */
export function checkStalls({ recorder, plan, world, watch }: SimCluster): Violation[] {
  if (Object.values(plan.attempts).flat().some(holdsSlot)) return [];
  const retrying = retryingIds(plan);
  const { lines } = recorder;
  const faults = faultSpans(lines, world.nowMs, plan.settings.leasePeriodMs! * 4 + plan.sessionMs);
  const starts = lines.filter((line): line is StartLine => line.line === "start");
  const violations: Violation[] = [];
  for (const [token, wait] of waitsOf(lines, starts)) {
    if (wait.toMs - wait.fromMs < PATIENCE_MS || retrying.has(wait.orderingId)) continue;
    // A handler takes 15 seconds at the most: a lane at work shows a start now and then.
    const inLane = starts.filter(({ key }) => key.orderingId === wait.orderingId);
    const started = inLane.map(({ atMs }) => atMs);
    const idle = gaps(wait, started).filter((gap) => !isTouched(faults, gap));
    // A slow log is read record by record.
    const receipts = watch.receipts.before(partitionOf(wait.orderingId, plan.partitions), token);
    const quiet = idle.flatMap((gap) => gaps(gap, receipts))[0];
    if (quiet === undefined) continue;
    const message = `waited in silence from ${quiet.fromMs} to ${quiet.toMs}`;
    violations.push({ invariant: "L6", key: null, message: `${token}: ${message}` });
  }
  return violations;
}

/** Long enough to be in the way of every lane, or until its process dies. */
function holdsSlot({ end, durationMs }: PlannedAttempt): boolean {
  return durationMs > SLOW_MS || !["returns", "throws", "later"].includes(end);
}

function retryingIds({ appends, attempts }: Plan): ReadonlySet<string> {
  const mayRetry = ({ key }: PlannedAppend): boolean =>
    attempts[taskKeyToken(key)]?.some(({ end }) => end !== "returns") ?? false;
  return new Set(appends.filter(mayRetry).map(({ key }) => key.orderingId));
}

interface Wait extends Span {
  readonly orderingId: string;
}

/** From due and acked to the first start. */
function waitsOf(lines: readonly HistoryLine[], starts: readonly StartLine[]): Map<string, Wait> {
  const firsts = new Map<string, StartLine>();
  for (const start of starts) {
    const token = taskKeyToken(start.key);
    if (!firsts.has(token)) firsts.set(token, start);
  }
  const waits = new Map<string, Wait>();
  const steps = lines.filter((line) => line.line === "faultEnded" && CLOCK_FAULTS.has(line.name));
  const asks = new Map<number, Extract<HistoryLine, { line: "ask" }>>();
  for (const line of lines) {
    if (line.line === "ask") asks.set(line.call, line);
    if (line.line !== "answer" || line.answer !== "acked") continue;
    const { key } = asks.get(line.call)!;
    const token = taskKeyToken(key);
    const start = firsts.get(token);
    if (start === undefined || waits.has(token)) continue;
    // By the wall clock of the node that ran it: how long ago it was due when it started.
    const dueMs = start.atMs - (start.wallMs - key.scheduledTimeMs);
    const steppedMs = steps.findLast(({ atMs }) => atMs <= start.atMs)?.atMs ?? 0;
    const { orderingId } = key;
    const fromMs = Math.max(dueMs, line.atMs, steppedMs);
    waits.set(token, { orderingId, fromMs, toMs: start.atMs });
  }
  return waits;
}

/** The parts of a span between `times`, which are in order, that are longer than patience lasts. */
function gaps({ fromMs, toMs }: Span, times: readonly number[]): Span[] {
  const within = times.filter((ms) => ms > fromMs && ms < toMs);
  const ends = [...within, toMs];
  return [fromMs, ...within]
    .map((ms, index): Span => ({ fromMs: ms, toMs: ends[index]! }))
    .filter((gap) => gap.toMs - gap.fromMs > PATIENCE_MS);
}

function faultSpans(lines: readonly HistoryLine[], endMs: number, graceMs: number): Span[] {
  const spans: Span[] = [];
  const open = new Map<number, number>();
  for (const line of lines) {
    if (line.line === "faultBegan") open.set(line.fault, line.atMs);
    else if (line.line === "faultEnded") {
      spans.push({ fromMs: open.get(line.fault) ?? 0, toMs: line.atMs + graceMs });
      open.delete(line.fault);
    } else if (["boot", "exit", "death"].includes(line.line)) {
      spans.push({ fromMs: line.atMs, toMs: line.atMs + graceMs });
    }
  }
  for (const fromMs of open.values()) spans.push({ fromMs, toMs: endMs });
  return spans;
}

function isTouched(faults: readonly Span[], span: Span): boolean {
  return faults.some((fault) => fault.fromMs <= span.toMs && fault.toMs >= span.fromMs);
}
