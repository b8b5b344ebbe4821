/** A small log and what may happen to its tasks. Times are instants: 0, 1, ... */
export interface ModelWorld {
  /** Records in order: the number of the task's key, and its data. */
  readonly log: readonly (readonly [key: number, data: string])[];
  /** Records that are in the log at the start; the others are appended at any time. */
  readonly logged: number;
  /** Instant of each key; keys are numbered in key order. */
  readonly instants: readonly number[];
  /** Bucket and lane of each key. */
  readonly buckets: readonly number[];
  readonly lanes: readonly number[];
  readonly epochs: number;
  readonly lastInstant: number;
  readonly maxAttempts: number;
  /** When a failed attempt may be due again. */
  readonly retries: readonly ("now" | "next instant")[];
  readonly exceptionsMax: number;
  /** A load is one step: no row comes between its parts. */
  readonly isLoadOneStep: boolean;
  /** Tasks of a lane run in key order, whatever becomes of them (policy block); that is checked too. */
  readonly isBlocking: boolean;
  /** The journal is trimmed behind each checkpoint. */
  readonly isTrimmed: boolean;
  /** A claim that stays open may be moved to its row. */
  readonly areClaimsMoved: boolean;
}

const ONE: ModelWorld = {
  log: [[0, "a"]],
  logged: 1,
  instants: [0],
  buckets: [0],
  lanes: [0],
  epochs: 2,
  lastInstant: 0,
  maxAttempts: 2,
  retries: [],
  exceptionsMax: 0,
  isLoadOneStep: true,
  isBlocking: false,
  isTrimmed: false,
  areClaimsMoved: false,
};

const TWO: ModelWorld = {
  ...ONE,
  instants: [0, 0],
  buckets: [0, 0],
  lanes: [0, 1],
  log: [
    [0, "a"],
    [1, "a"],
  ],
  logged: 2,
  maxAttempts: 1,
};

/** The key of the second record is smaller: it comes late. */
const LATE: ModelWorld = {
  ...TWO,
  log: [
    [1, "a"],
    [0, "a"],
  ],
};

/** The same key twice, with other data. */
const TWICE: Pick<ModelWorld, "log" | "maxAttempts"> = {
  log: [
    [0, "a"],
    [0, "b"],
  ],
  maxAttempts: 1,
};

/** All of these are small enough to be explored to the end in seconds, or a minute. */
export const SMALL_WORLDS: Readonly<Record<string, ModelWorld>> = {
  one: ONE,
  "one, loads in parts": { ...ONE, isLoadOneStep: false },
  "one, journal trimmed": { ...ONE, isTrimmed: true },
  "one, claims moved": { ...ONE, areClaimsMoved: true },
  "one, retried": { ...ONE, retries: ["now"] },
  "one, three owners": { ...ONE, epochs: 3, maxAttempts: 1 },
  "one, later": { ...ONE, instants: [1], lastInstant: 1, maxAttempts: 1 },
  "one, later, loads in parts": { ...ONE, instants: [1], lastInstant: 1, isLoadOneStep: false },
  "a sleeper": { ...ONE, lastInstant: 1, retries: ["next instant"] },
  twice: { ...ONE, ...TWICE },
  "twice, logged": { ...ONE, ...TWICE, logged: 2, maxAttempts: 2, retries: ["now"] },
};

/** Explored as far as time allows: what a rule is needed for is found long before the end. */
export const LARGE_WORLDS: Readonly<Record<string, ModelWorld>> = {
  "one, three owners, retried": { ...ONE, epochs: 3, retries: ["now"] },
  "one, three owners, three attempts": { ...ONE, epochs: 3, maxAttempts: 3, retries: ["now"] },
  "twice, claims moved, loads in parts": {
    ...ONE,
    ...TWICE,
    maxAttempts: 2,
    isLoadOneStep: false,
    areClaimsMoved: true,
  },
  "twice, loads in parts": { ...ONE, ...TWICE, logged: 2, isLoadOneStep: false },
  "one, three owners, claims moved": {
    ...ONE,
    epochs: 3,
    maxAttempts: 3,
    retries: ["now"],
    areClaimsMoved: true,
  },
  "twice, three owners": { ...ONE, ...TWICE, logged: 2, epochs: 3 },
  "a sleeper as exception": {
    ...ONE,
    lastInstant: 1,
    retries: ["next instant"],
    exceptionsMax: 1,
  },
  two: TWO,
  "two, loads in parts": { ...TWO, isLoadOneStep: false },
  "two with exceptions": { ...TWO, exceptionsMax: 1 },
  "two over time": { ...TWO, instants: [0, 1], lastInstant: 1 },
  "two sleepers": {
    ...TWO,
    lastInstant: 1,
    maxAttempts: 2,
    retries: ["next instant"],
    exceptionsMax: 1,
  },
  late: LATE,
  "late with exceptions": { ...LATE, exceptionsMax: 1 },
  "late, three owners": { ...LATE, epochs: 3 },
  "in order, loads in parts": { ...TWO, lanes: [0, 0], isBlocking: true, isLoadOneStep: false },
  "in order, with sleepers": {
    ...TWO,
    lanes: [0, 0],
    isBlocking: true,
    lastInstant: 1,
    maxAttempts: 2,
    retries: ["next instant"],
  },
};

export const WORLDS: Readonly<Record<string, ModelWorld>> = { ...SMALL_WORLDS, ...LARGE_WORLDS };
