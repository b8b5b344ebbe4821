import { REACH_LEAST, REACH_WANTED } from "../reach-wanted.ts";
import type { SeedsReport } from "../run-seeds.ts";
import { elapsedMs } from "./stopwatch.ts";

const HOUR_MS = 3_600_000;

/** Prints what the seeds have brought; true when nothing broke and every wanted state was reached. */
export function printReport(report: SeedsReport, isJson: boolean): boolean {
  const { seeds, reach, broken } = report;
  const least = Math.floor((REACH_LEAST * seeds) / 1_000);
  const missed = REACH_WANTED.filter((state) => (reach.get(state) ?? 0) < least);
  if (isJson) {
    console.log(JSON.stringify({ ...report, reach: Object.fromEntries(reach), missed }, null, 1));
  } else {
    for (const [state, count] of [...reach].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      console.log(`${String(count).padStart(8)} ${state}`);
    }
  }
  console.log(summaryOf(report));
  for (const state of missed) {
    console.log(`not reached often enough: ${state} (${reach.get(state) ?? 0} of ${least})`);
  }
  if (broken.length > 0) console.log(`broken: ${broken.join(" ")}`);
  return missed.length === 0 && broken.length === 0 && seeds > 0;
}

function summaryOf(report: SeedsReport): string {
  const { seeds, broken, simulatedMs, acked, starts, faults, events } = report;
  const seconds = elapsedMs() / 1_000;
  return [
    `${seeds} seeds, ${broken.length} broken, ${Math.round((seeds / seconds) * 60)} a minute`,
    `${Math.round(simulatedMs / HOUR_MS)} simulated hours, ${acked} tasks acked, ${starts} starts`,
    `${faults} faults (${Math.round(faults / seconds)} a second)`,
    `${events} events (${Math.round(events / seconds)} a second)`,
  ].join("; ");
}
