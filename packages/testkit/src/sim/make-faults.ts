import type { Dice } from "./dice.ts";
import type { Focus } from "./focus.ts";
import type { PlannedFault } from "./plan.ts";

export interface FaultScope {
  readonly nodes: number;
  readonly partitions: number;
  readonly replicas: number;
  readonly healMs: number;
  readonly mode: "safety" | "liveness";
  readonly core: readonly number[];
  readonly sessionMs: number;
  readonly leasePeriodMs: number;
  /** May acknowledged records be lost? */
  readonly mayLose: boolean;
  readonly focus: Focus;
}

/** Those that decide most come more often. */
const OPERATIONS = [
  "appendClaims",
  "appendClaims",
  "appendClaims",
  "recordStatuses",
  "recordStatuses",
  "recordStatuses",
  "persistTasks",
  "persistTasks",
  "persistTasks",
  "writeSummary",
  "writeSummary",
  "loadTasks",
  "findTasks",
  "loadSummaries",
  "loadClaims",
  "trimClaims",
  "writeDeadLetter",
  "swapLease",
  "readLease",
  "quarantine",
  "append",
] as const;

type Maker = (dice: Dice, scope: FaultScope, atMs: number) => PlannedFault;

const MAKERS: Readonly<Record<PlannedFault["kind"], Maker>> = {
  kill: (dice, scope, atMs) => ({
    kind: "kill",
    atMs,
    node: dice.below(scope.nodes),
    downMs: downTime(dice),
  }),
  killAtCall: (dice, scope, atMs) => ({
    kind: "killAtCall",
    atMs,
    node: dice.below(scope.nodes),
    operation: dice.pick<string>(scope.focus.deadlyCalls ?? OPERATIONS),
    moment: dice.pick(["calling", "sent", "served"]),
    downMs: downTime(dice),
  }),
  restart: (dice, scope, atMs) => ({
    kind: "restart",
    atMs,
    node: dice.below(scope.nodes),
    downMs: downTime(dice),
  }),
  stop: (dice, scope, atMs) => ({
    kind: "stop",
    atMs,
    node: dice.below(scope.nodes),
    forMs: silence(dice, scope),
  }),
  suspend: (dice, scope, atMs) => ({
    kind: "suspend",
    atMs,
    node: dice.below(scope.nodes),
    forMs: silence(dice, scope),
  }),
  stepClock: (dice, scope, atMs) => ({
    kind: "stepClock",
    atMs,
    node: dice.below(scope.nodes),
    byMs: Math.round((dice.isHead(0.5) ? 1 : -1) * dice.logUniform(11, 3_600_000)),
  }),
  cut: (dice, scope, atMs) => ({
    kind: "cut",
    atMs,
    node: dice.below(scope.nodes),
    service: dice.pick(["store", "log"]),
    way: dice.pick(["to", "from", "both"]),
    forMs: silence(dice, scope),
  }),
  replicaDown: (dice, scope, atMs) => ({
    kind: "replicaDown",
    atMs,
    replica: dice.below(scope.replicas),
    forMs: dice.logUniform(1_000, 600_000),
  }),
  storeDown: (dice, _, atMs) => ({ kind: "storeDown", atMs, forMs: dice.logUniform(500, 60_000) }),
  storeSlow: (dice, _, atMs) => ({
    kind: "storeSlow",
    atMs,
    byMs: dice.logUniform(20, 2_000),
    forMs: dice.logUniform(500, 60_000),
  }),
  logDown: (dice, _, atMs) => ({ kind: "logDown", atMs, forMs: dice.logUniform(500, 120_000) }),
  leaderChange: (dice, scope, atMs) => ({
    kind: "leaderChange",
    atMs,
    partition: dice.below(scope.partitions),
    forMs: dice.logUniform(100, 20_000),
  }),
  retention: (dice, scope, atMs) => ({
    kind: "retention",
    atMs,
    partition: dice.below(scope.partitions),
    keepsApplied: dice.isHead(0.5),
  }),
  uncleanElection: (dice, scope, atMs) => ({
    kind: "uncleanElection",
    atMs,
    partition: dice.below(scope.partitions),
    records: 1 + dice.below(10),
    forMs: dice.logUniform(100, 20_000),
  }),
};

/** Few runs have it: what its partition promises afterwards is little. */
const UNCLEAN_SHARE = 0.1;

/** Which kinds of faults a run has is drawn first: few kinds, many of each. */
export function makeFaults(dice: Dice, scope: FaultScope): readonly PlannedFault[] {
  const mayLose = dice.isHead(UNCLEAN_SHARE) && scope.mayLose;
  const drawn = (Object.keys(MAKERS) as PlannedFault["kind"][]).filter(
    (kind) => dice.isHead(0.4) && (kind !== "uncleanElection" || mayLose),
  );
  const kinds = scope.focus.faultKinds ?? drawn;
  const drawnCount = dice.isHead(0.1) ? 0 : Math.round(dice.logUniform(2, 60));
  const count = scope.focus.faultCount ?? drawnCount;
  if (kinds.length === 0) return [];
  const faults = Array.from({ length: count }, () => {
    const atMs = dice.next() * scope.healMs * 0.97;
    return MAKERS[dice.pick(kinds)](dice, scope, atMs);
  });
  const lasting = scope.mode === "liveness" ? makeLasting(dice, scope) : [];
  return [...faults, ...lasting].toSorted((a, b) => a.atMs - b.atMs);
}

/** What stays broken for ever, outside of the core: one replica at the most. */
function makeLasting(dice: Dice, scope: FaultScope): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const FOR_EVER = 1e12;
  const atMs = (): number => scope.healMs * (0.5 + 0.49 * dice.next());
  for (let node = 0; node < scope.nodes; node++) {
    if (scope.core.includes(node)) continue;
    const kind = dice.pick(["kill", "stop", "log", "store", "both", "none"] as const);
    if (kind === "kill") faults.push({ kind, atMs: atMs(), node, downMs: FOR_EVER });
    else if (kind === "stop") faults.push({ kind, atMs: atMs(), node, forMs: FOR_EVER });
    else if (kind !== "none") {
      const way = dice.pick(["to", "from", "both"] as const);
      const cut = { kind: "cut", node, way, atMs: atMs(), forMs: FOR_EVER } as const;
      if (kind !== "store") faults.push({ ...cut, service: "log" });
      if (kind !== "log") faults.push({ ...cut, service: "store" });
    }
  }
  if (scope.replicas === 3 && dice.isHead(0.5)) {
    faults.push({ kind: "replicaDown", atMs: atMs(), replica: dice.below(3), forMs: FOR_EVER });
  }
  return faults;
}

function downTime(dice: Dice): number {
  return dice.isHead(0.8) ? dice.logUniform(100, 60_000) : dice.logUniform(60_000, 900_000);
}

/** Shorter and longer than what the lease and the group allow. */
function silence(dice: Dice, { sessionMs, leasePeriodMs }: FaultScope): number {
  return dice.next() * dice.pick([leasePeriodMs, 2 * leasePeriodMs, 2 * sessionMs, 120_000]);
}
