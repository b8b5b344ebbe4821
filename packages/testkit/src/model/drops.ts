/** A rule, or two that stand in for each other, and what breaks without it. */
export interface Drop {
  readonly rules: readonly string[];
  readonly world: string;
  readonly breaks: RegExp;
  /** After about so many states. */
  readonly states: number;
}

const drop = (
  rule: string,
  world: string,
  found: readonly [breaks: RegExp, states: number],
): Drop => ({
  rules: rule.split(" and "),
  world,
  breaks: found[0],
  states: found[1],
});

const LOST = /^LOST/;
const FORGOTTEN = /^FORGOTTEN/;
const AGAIN = /started \d times|after an outcome|attempt number/;
const DISORDER = /started before k/;

const ONE_OWNER_MORE = "one, three owners";
const RETRIED = "one, three owners, retried";
const LATE_EXCEPTIONS = "late with exceptions";
const IN_ORDER = "in order, loads in parts";

/**
 * Each rule of the design breaks something when it is left out. Two stand in for each other: a zombie
 * writes no checkpoint, and one that it writes is refused.
 */
export const DROPS: readonly Drop[] = [
  drop("rewriteSummary", "two", [FORGOTTEN, 94_000]),
  drop("rewriteAcked", "two with exceptions", [FORGOTTEN, 47_000]),
  drop("loweringAcked", "one", [FORGOTTEN, 40]),
  drop("compareInFlight", "one", [LOST, 3_100]),
  drop("duplicateLowers", "one", [LOST, 2_300]),
  drop("duplicatePassesAtAck", RETRIED, [FORGOTTEN, 179_000]),
  drop("passWhenBothAcked", "one", [FORGOTTEN, 180]),
  drop("raiseAfterOutcome", "one", [LOST, 1_700]),
  drop("raiseBelowLoads", "one, loads in parts", [FORGOTTEN, 440]),
  drop("raiseBelowReadPosition", "one", [FORGOTTEN, 250]),
  drop("raiseBelowSleepers", "a sleeper", [LOST, 8_400]),
  drop("loadExceptions", LATE_EXCEPTIONS, [FORGOTTEN, 210]),
  drop("summaryWhole", LATE_EXCEPTIONS, [FORGOTTEN, 1_700]),
  drop("loadBeforeClaim", IN_ORDER, [DISORDER, 1_500]),
  drop("sealFinished", "one, three owners, claims moved", [FORGOTTEN, 927_000]),
  drop("settleAgain", RETRIED, [FORGOTTEN, 45_000]),
  drop("rememberSleepers", "a sleeper", [FORGOTTEN, 11_000]),
  drop("sleepAfterAck", "a sleeper", [AGAIN, 11_000]),
  drop("blockedHeadStays", "in order, with sleepers", [DISORDER, 23_000]),
  drop("disjointTimestamps", ONE_OWNER_MORE, [FORGOTTEN, 2_400]),
  drop("announceLoad", "one, loads in parts", [FORGOTTEN, 440]),
  drop("passDecidedAtAck", "one", [FORGOTTEN, 170]),
  drop("lookBelowLogEnd", "twice", [/older data/, 16_000]),
  drop("lookBelowStarted", "twice", [AGAIN, 11_000]),
  drop("lookTakesTask", RETRIED, [FORGOTTEN, 96_000]),
  drop("offsetInMemory", "twice", [/older data/, 16_000]),
  drop("offsetInRow", "twice", [/older data/, 16_000]),
  drop("loadDropsLeft", "one, later, loads in parts", [AGAIN, 16_000]),
  drop("claimBeforeStart", "one", [/not durable/, 340]),
  drop("deadlineAtStart", "one", [/under a lost lease/, 3_200]),
  drop("journalBelowOpen", "a sleeper", [AGAIN, 57_000]),
  drop("journalBelowInherited", ONE_OWNER_MORE, [AGAIN, 43_000]),
  drop("readJournal", "a sleeper", [AGAIN, 44_000]),
  drop("oneAtATime", IN_ORDER, [DISORDER, 2_200]),
  drop("checkpointWhole", "late", [LOST, 14_000]),
  drop("checkpointIfEpoch and zombieStill", "one", [LOST, 6_000]),
  drop("renewIfUnchanged", "the lease", [/epoch \d uses/, 230_000]),
  drop("acquireIfUnchanged", "the lease", [/epoch \d uses/, 46_000]),
  drop("unknownIsNoSuccess", "the lease", [/epoch \d uses/, 86_000]),
  drop("acquireByRow", "the lease", [/epoch \d uses/, 185_000]),
  drop("releaseAboveUsed", "the lease", [/epoch \d uses/, 11_000]),
];

/** Rules without which nothing breaks here: kept as a second line, because they cost nothing. */
export const SECOND_LINES: readonly { rule: string; because: string }[] = [
  {
    rule: "loadDropsLooked",
    because:
      "a take-over settles before it loads: a look finds nothing finished that the load did not, but " +
      "what a zombie has finished since, and such a task may start again",
  },
  {
    rule: "raiseBelowInserts",
    because:
      "the comparison at the acknowledgement finds what a raise has passed, and lowers again",
  },
];
