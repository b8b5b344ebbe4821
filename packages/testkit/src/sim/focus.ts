import type { EngineSettings } from "@horae/engine";
import type { Dice } from "./dice.ts";
import type { PlannedFault } from "./plan.ts";
import { NO_STORE_HARM, type StoreHarm } from "./store-traffic.ts";

/**
 * What a run is about. Chance alone seldom brings together all the circumstances that a rare state
 * needs: some runs have more of them than chance would give.
 */
export interface Focus {
  readonly settings: Partial<EngineSettings>;
  /** null: drawn. */
  readonly bucketMs: number | null;
  /** How long the store and the log take at the least, milliseconds one way. */
  readonly storeSlowMs: number;
  readonly logSlowMs: number;
  /** What comes to requests for the store, beside what is drawn. */
  readonly storeHarm: Partial<StoreHarm>;
  /** The only kinds of faults, and how many there are; null: drawn. */
  readonly faultKinds: readonly PlannedFault["kind"][] | null;
  readonly faultCount: number | null;
  /** Calls at which processes die; null: drawn. */
  readonly deadlyCalls: readonly string[] | null;
  /** Share of tasks that come in a burst, and how many there are in one. */
  readonly burstShare: number;
  readonly burstMax: number;
  /** Ordering ids of all tasks; null: drawn. */
  readonly orderingIds: number | null;
  /** Tasks are scheduled so far ahead at the most; null: drawn. */
  readonly aheadMaxMs: number | null;
  /** Share of tasks that are about due when they come, or late by so much at the most. */
  readonly dueShare: number;
  readonly lateMaxMs: number;
  /** Shares of handlers that take long, and of those that fail; null: drawn. */
  readonly slowShare: number | null;
  readonly failShare: number | null;
}

const NONE: Focus = {
  settings: {},
  bucketMs: null,
  storeSlowMs: 0,
  logSlowMs: 0,
  storeHarm: {},
  faultKinds: null,
  faultCount: null,
  deadlyCalls: null,
  burstShare: 0.1,
  burstMax: 30,
  orderingIds: null,
  aheadMaxMs: null,
  dueShare: 0.3,
  lateMaxMs: 2_000,
  slowShare: null,
  failShare: null,
};

const FOCUSES: readonly ((dice: Dice) => Focus)[] = [
  /** A memory that is nearly always full, while a slow store is read and written. */
  (dice) => ({
    ...NONE,
    settings: {
      loadedTasksMax: 4 + dice.below(10),
      laneTasksMax: 2 + dice.below(3),
      loadRowsMax: 2 + dice.below(10),
      receiveRecordsMax: 1 + dice.below(6),
    },
    storeSlowMs: dice.logUniform(20, 300),
    burstShare: 0.3,
    burstMax: 60,
    aheadMaxMs: dice.pick([2_000, 20_000]),
  }),
  /** Deaths around renewals that do not succeed. */
  (dice) => ({
    ...NONE,
    settings: { leasePeriodMs: 4_000 },
    // Refused renewals, and writes that land when their writer is dead and its heir at work.
    storeHarm: { unavailable: 0.2, late: 0.1, lateMaxMs: dice.pick([1_000, 10_000]) },
    faultKinds: ["killAtCall"],
    deadlyCalls: ["swapLease", "trimClaims", "recordStatuses", "writeSummary"],
    aheadMaxMs: dice.pick([0, 2_000]),
  }),
  /** Many attempts under way when a process dies: suspects, and a memory that has no room for them. */
  (dice) => ({
    ...NONE,
    settings: {
      loadedTasksMax: 6 + dice.below(30),
      laneTasksMax: 2 + dice.below(3),
      concurrency: 10,
    },
    faultKinds: ["kill", "stop", "cut"],
    burstShare: 0.3,
    burstMax: 60,
    aheadMaxMs: 20_000,
    slowShare: 0.4,
  }),
  /** Owners that follow one another fast, while what they wrote last lands late. */
  (dice) => ({
    ...NONE,
    settings: { leasePeriodMs: 4_000, claimMoveMs: dice.pick([1_000, 5_000]) },
    storeHarm: { late: 0.2, lateMaxMs: dice.pick([10_000, 40_000]), lag: 0.3 },
    faultKinds: ["killAtCall", "restart", "stop"],
    deadlyCalls: ["recordStatuses", "appendClaims", "swapLease"],
    burstShare: 0.3,
    aheadMaxMs: dice.pick([2_000, 20_000]),
    slowShare: 0.3,
  }),
  /**
   * Tasks that are late when they come, on ground that an owner has passed whose last raise lands while
   * its heir, who knows them, has not written a summary.
   */
  (dice) => ({
    ...NONE,
    settings: { leasePeriodMs: 4_000, lowKeyLagMs: 0 },
    storeHarm: {
      ...NO_STORE_HARM,
      lateOf: { writeSummary: 0.8 },
      lateMaxMs: 60_000,
      isLateToHeir: true,
    },
    faultKinds: ["killAtCall"],
    faultCount: 60,
    deadlyCalls: ["writeSummary"],
    burstShare: 0,
    aheadMaxMs: 2_000,
    dueShare: 0.7,
    lateMaxMs: dice.pick([10_000, 30_000]),
    slowShare: 0.6,
  }),
  /** Suspects one after the other, in a memory with hardly room for them, and nothing beside them. */
  (dice) => ({
    ...NONE,
    settings: {
      leasePeriodMs: 4_000,
      loadedTasksMax: 4 + dice.below(8),
      laneTasksMax: 2 + dice.below(3),
      concurrency: 10,
    },
    // A lease that nobody can renew, and nobody can take, is suspended.
    faultKinds: ["kill", "storeDown"],
    faultCount: 60,
    burstShare: 1,
    burstMax: 60,
    aheadMaxMs: 20_000,
    slowShare: 0.8,
  }),
  /** Retries that fill a memory, while tasks that are late lower its read position. */
  (dice) => ({
    ...NONE,
    settings: {
      // Half of the room is what one or two of them take.
      loadedTasksMax: 1 + dice.below(6),
      laneTasksMax: 2,
      concurrency: 10,
      lookAheadMs: dice.pick([2_000, 60_000]),
    },
    faultKinds: [],
    burstShare: 0.3,
    burstMax: 60,
    aheadMaxMs: 20_000,
    dueShare: 0.5,
    lateMaxMs: 30_000,
    slowShare: 0.3,
    failShare: 0.6,
  }),
  /** Sleepers whose bucket is read again while a slow load comes up to a read position that was lowered. */
  (dice) => ({
    ...NONE,
    settings: {
      loadedTasksMax: 1 + dice.below(6),
      laneTasksMax: 2,
      concurrency: 10,
      lookAheadMs: 2_000,
    },
    bucketMs: 600_000,
    storeSlowMs: dice.logUniform(100, 500),
    faultKinds: [],
    burstShare: 0.3,
    burstMax: 60,
    aheadMaxMs: 20_000,
    dueShare: 0.5,
    lateMaxMs: 60_000,
    slowShare: 0.1,
    failShare: 0.9,
  }),
  /** Tasks that come when their bucket is about to be deleted, from a slow store. */
  (dice) => ({
    ...NONE,
    settings: { retentionMs: 60_000, retentionEveryMs: 5_000, leasePeriodMs: 4_000 },
    bucketMs: 10_000,
    storeSlowMs: dice.logUniform(100, 400),
    faultKinds: [],
    burstShare: 0,
    dueShare: 0.9,
    lateMaxMs: 120_000,
  }),
  /** A log that lets go of records while those who take over ask, slowly, what it holds. */
  (dice) => ({
    ...NONE,
    settings: { leasePeriodMs: 4_000, onLogGap: "stop" },
    logSlowMs: dice.logUniform(300, 2_000),
    faultKinds: ["kill", "retention"],
    faultCount: 60,
  }),
  /** Lanes that are refilled while a load is under way, and tasks of theirs that come for just then. */
  (dice) => ({
    ...NONE,
    settings: { laneTasksMax: 1, lookAheadMs: 2_000, claimAheadMs: 100, receiveRecordsMax: 1 },
    storeSlowMs: dice.logUniform(180, 230),
    faultKinds: [],
    // Soon over, so that nothing that is left out later covers what was missed.
    burstShare: 1,
    burstMax: 12,
    orderingIds: 1 + dice.below(3),
    aheadMaxMs: 4_000,
    dueShare: 0,
    slowShare: 0,
    failShare: 0,
  }),
];

/** What chance alone draws stays the most. */
const SHARE = 0.5;

export function drawFocus(dice: Dice): Focus {
  return dice.isHead(SHARE) ? dice.pick(FOCUSES)(dice) : NONE;
}
