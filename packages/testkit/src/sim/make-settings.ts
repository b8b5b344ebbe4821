import type { EngineSettings } from "@horae/engine";
import type { Dice } from "./dice.ts";

/** Small limits, so that lanes overflow, memory is full, exceptions run out, and keys are forgotten. */
function tight(dice: Dice): Partial<EngineSettings> {
  return {
    concurrency: 1 + dice.below(9),
    loadedTasksMax: 1 + dice.below(40),
    // Data of a task are one to three bytes here.
    loadedBytesMax: dice.pick([4 + dice.below(80), 1_000]),
    laneTasksMax: 1 + dice.below(6),
    loadRowsMax: 1 + dice.below(10),
    startedKeysMax: 2 + dice.below(20),
    exceptionsMax: dice.below(4),
    exceptionBytesMax: dice.pick([60, 16 * 1_024]),
    claimMoveMs: dice.pick([1_000, 5_000]),
    exceptionAfterMs: dice.pick([0, 3_000]),
    lowKeyLagMs: dice.pick([0, 2_000]),
    idleBucketsMax: 1 + dice.below(4),
    claimsPerRowMax: 1 + dice.below(5),
    outcomesPerWriteMax: 1 + dice.below(5),
    receiveRecordsMax: 1 + dice.below(20),
  };
}

/** Longer than a run. */
export const NO_RETENTION_MS = 1e12;

/** Finished tasks go while a run goes on: few runs, because a task may not come again in them. */
const RETENTION_SHARE = 0.2;
const SWEEPS_MS = [5_000, 60_000];

export interface MadeSettings extends Partial<EngineSettings> {
  readonly leasePeriodMs: number;
  readonly retentionMs: number;
}

/** The settings of all nodes of a run. */
export function makeSettings(dice: Dice): MadeSettings {
  const retentionMs = dice.isHead(RETENTION_SHARE) ? dice.pick([60_000, 300_000]) : NO_RETENTION_MS;
  const limits = dice.isHead(0.6) ? tight(dice) : { concurrency: 20 };
  return {
    ...limits,
    leasePeriodMs: dice.pick([4_000, 8_000, 15_000]),
    claimAheadMs: dice.pick([0, 100, 2_000]),
    lookAheadMs: dice.pick([2_000, 10_000, 60_000]),
    drainMs: dice.pick([1_000, 10_000]),
    abortGraceMs: dice.pick([500, 5_000]),
    onLogGap: dice.pick(["stop", "continue-from-earliest"]),
    retentionMs,
    retentionEveryMs: retentionMs === NO_RETENTION_MS ? NO_RETENTION_MS : dice.pick(SWEEPS_MS),
    auditEveryMs: dice.pick([10_000, 60_000]),
    auditRowsMax: dice.pick([5, 1_000]),
  };
}
