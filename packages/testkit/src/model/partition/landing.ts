import { advanceInsert, forget } from "./memory.ts";
import { isBefore, isRowFinished, type Scene } from "./scene.ts";
import { isFinished, type Owner, type State, type Write } from "./state.ts";

interface Landing<Kind extends Write["kind"]> {
  readonly scene: Scene;
  readonly state: State;
  readonly write: Extract<Write, { kind: Kind }>;
  /** Whoever issued the write, if it is still there: to it landing is the acknowledgement. */
  readonly owner: Owner | undefined;
}

/** A write lands: it is applied, and acknowledged in the same moment. */
export function land(scene: Scene, state: State, index: number): void {
  const [write] = state.flying.splice(index, 1);
  const owner = state.owners.find(({ epoch }) => epoch === write!.epoch);
  const at = { scene, state, owner };
  switch (write!.kind) {
    case "row":
      return landRow({ ...at, write: write! });
    case "summary":
      return landSummary({ ...at, write: write! });
    case "status":
    case "move":
      return landStatus({ ...at, write: write! });
    case "claim":
      return landClaim({ ...at, write: write! });
    case "trim": {
      const { below } = write!;
      state.journal = state.journal.filter(
        ({ epoch, sequence }) => !isBefore([epoch, sequence], below),
      );
      return;
    }
    case "checkpoint":
      return landCheckpoint({ ...at, write: write! });
  }
}

/** Last write wins, by the timestamps of the owners. */
function wins(scene: Scene, at: number, before: number): boolean {
  return !scene.rules.disjointTimestamps || at > before;
}

function landRow({ scene, state, write, owner }: Landing<"row">): void {
  const row = state.rows[write.key]!;
  if (wins(scene, write.at, row.dataAt)) {
    Object.assign(row, { data: write.data, offset: write.offset, dataAt: write.at });
  }
  const { ackedData } = state.seen;
  if (owner?.isLive === true && write.data > ackedData[write.key]!) {
    ackedData[write.key] = write.data;
  }
  if (owner?.insert?.offset !== write.offset) return;
  owner.insert.isRowAcked = true;
  advanceInsert({ scene, state, owner });
}

function landSummary({ scene, state, write, owner }: Landing<"summary">): void {
  const stored = state.summaries[write.bucket]!;
  if (write.low !== null && wins(scene, write.at, stored.lowAt)) {
    Object.assign(stored, { low: write.low, lowAt: write.at });
  }
  if (write.exceptions !== null && wins(scene, write.at, stored.exceptionsAt)) {
    Object.assign(stored, { exceptions: write.exceptions, exceptionsAt: write.at });
  }
  const known = owner?.summaries[write.bucket];
  const isLast = !state.flying.some((other) => other.kind === "summary" && other.at === write.at);
  if (owner === undefined || known?.flying?.at !== write.at || !isLast) return;
  const { low, exceptions } = known.flying;
  Object.assign(known, { low, exceptions, flying: null, stage: "own" });
  advanceInsert({ scene, state, owner });
}

function landStatus({ scene, state, write, owner }: Landing<"status" | "move">): void {
  const { key, status, attempts, nextAttempt } = write;
  const row = state.rows[key]!;
  const wasFinished = isRowFinished(row);
  if (wins(scene, write.at, row.statusAt)) {
    const landedUnder = state.lease.epoch;
    Object.assign(row, { status, attempts, nextAttempt, statusAt: write.at, landedUnder });
  }
  noteFinish(state, key, { wasFinished, by: write.epoch });
  if (owner === undefined) return;
  if (write.kind === "move") {
    owner.open = owner.open.filter(({ sequence }) => sequence !== write.sequence);
    return;
  }
  owner.open = owner.open.filter((claim) => claim.key !== key);
  owner.inherited[key] = null;
  const task = owner.tasks[key];
  if (task?.state !== "recording") return;
  if (isFinished(status)) forget(owner, key);
  else Object.assign(task, { state: "waiting", attempts, nextAttempt, outcome: null });
}

function noteFinish(
  { rows, seen, lease }: State,
  key: number,
  { wasFinished, by }: { wasFinished: boolean; by: number },
): void {
  const isNow = isRowFinished(rows[key]!);
  if (isNow === wasFinished) return;
  seen.finishedUnder[key] = isNow ? lease.epoch : -1;
  seen.finishedBy[key] = isNow ? by : -1;
}

function landClaim({ state, write, owner }: Landing<"claim">): void {
  const { epoch, sequence, key, attempt } = write;
  const isThere = state.journal.some(
    (entry) => entry.epoch === epoch && entry.sequence === sequence,
  );
  if (!isThere) state.journal.push({ epoch, sequence, key, attempt });
  const task = owner?.tasks[key];
  if (task?.state === "claiming") task.state = "claimed";
}

function landCheckpoint({ scene, state, write, owner }: Landing<"checkpoint">): void {
  const { lease } = state;
  const { rules, world } = scene;
  if (!rules.checkpointIfEpoch || lease.epoch === write.epoch) {
    lease.journal = write.journal;
    lease.highestStarted = Math.max(lease.highestStarted, write.highestStarted);
    lease.applied = rules.checkpointWhole ? write.applied : (owner?.applied ?? write.applied);
    const below = write.journal;
    const isDue = state.journal.some(({ epoch, sequence }) => isBefore([epoch, sequence], below));
    // Only behind an acknowledged checkpoint.
    if (owner !== undefined && world.isTrimmed && isDue) {
      state.flying.push({ kind: "trim", epoch: write.epoch, below });
    }
  }
  if (owner !== undefined) owner.isCheckpointing = false;
}
