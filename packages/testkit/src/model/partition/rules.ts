/**
 * The rules of the design (design.md, sections 3 to 5) that the model can leave out one at a time.
 * Each says what an owner does; what breaks without it, `drops.ts` knows.
 */
export const RULES = {
  // Bucket summaries.
  rewriteSummary:
    "before the first insert in a bucket an owner has written its summary, with its own timestamp",
  rewriteAcked: "and that is acknowledged",
  loweringAcked: "a lowering is acknowledged before the applied offset moves",
  compareInFlight: "a key is compared with the summary in flight too",
  duplicateLowers: "a duplicate of an unfinished row that no summary covers lowers it too",
  duplicatePassesAtAck:
    "a duplicate's unfinished row is taken, if need be, when its summary is acknowledged",
  passWhenBothAcked: "pass-through is decided when row and summary are acknowledged",
  raiseAfterOutcome: "raising follows acknowledged outcomes only",
  raiseBelowInserts: "raising passes no insert in flight",
  raiseBelowLoads: "raising passes no load in flight",
  raiseBelowReadPosition: "raising never passes the read position",
  raiseBelowSleepers: "raising passes no sleeper out of memory that is not an exception",
  loadExceptions: "a load brings the exceptions",
  summaryWhole: "low key and exceptions are written together",
  loadBeforeClaim: "nothing is claimed before everything unfinished up to the look-ahead is loaded",
  sealFinished:
    "a finished row with an inherited claim of a higher attempt is written again by the new owner",
  settleAgain:
    "what the row says of a claim that an owner between may have settled is written again too",
  // Sleepers.
  rememberSleepers: "a sleeper found by a load is remembered",
  sleepAfterAck: "a sleeper leaves memory after its outcome is acknowledged",
  blockedHeadStays: "under policy block the head of a lane stays in memory",
  // Loads, looks, replays.
  disjointTimestamps: "write timestamps of different epochs are disjoint",
  announceLoad: "a load announces its bound before it reads",
  passDecidedAtAck:
    "pass-through is decided at the acknowledgement, not when the record is received",
  lookBelowLogEnd: "records at or below the log end seen at the acquire are looked up",
  lookBelowStarted: "keys at or below the highest started key are looked up",
  lookTakesTask: "a look that finds an unfinished row below the read position takes it to memory",
  offsetInMemory: "memory keeps the log offset of a task's data",
  offsetInRow: "a replayed record leaves a row with a higher log offset alone",
  loadDropsLeft: "what a load brings for a key that left memory since it began is dropped",
  loadDropsLooked: "so is what it brings for a key that a look has found with a status",
  // Claims.
  claimBeforeStart: "a claim is acknowledged before its attempt starts",
  deadlineAtStart: "the lease deadline is checked at the start",
  journalBelowOpen: "the journal position does not pass open attempts",
  journalBelowInherited:
    "the journal position stays in the former epoch while attempts of it are open",
  readJournal: "a take-over reads the journal",
  oneAtATime: "one attempt per ordering id at a time",
  // The lease.
  checkpointIfEpoch: "a checkpoint is written IF the epoch is mine",
  checkpointWhole: "applied offset, journal position and highest started key are one snapshot",
  zombieStill: "after its deadline an owner writes nothing but outcomes of running handlers",
} as const satisfies Record<string, string>;

export type Rule = keyof typeof RULES;

export const ALL_RULES = Object.keys(RULES) as readonly Rule[];

export function isRule(word: string): word is Rule {
  return Object.hasOwn(RULES, word);
}
