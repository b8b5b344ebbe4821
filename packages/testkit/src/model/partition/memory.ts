import {
  END,
  isRowFinished,
  isThere,
  nextTimestamp,
  noteLeft,
  type Scene,
  statusOf,
} from "./scene.ts";
import {
  type Insert,
  isFinished,
  type Owner,
  type State,
  type Status,
  type Task,
} from "./state.ts";

/** Nobody starts an inherited attempt again: it counts. */
export function waitingTask(row: Pick<Task, "attempts" | "nextAttempt" | "data" | "offset">): Task {
  const { attempts, nextAttempt, data, offset } = row;
  return { state: "waiting", attempts, nextAttempt, data, offset, outcome: null };
}

/** An outcome of the inherited attempt, or of a later one, is in the row. */
export function noteSettled(owner: Owner, key: number, attempts: number): void {
  const inherited = owner.inherited[key]!;
  if (inherited !== null && attempts >= inherited) owner.inherited[key] = null;
}

/** A finished row was found. A late outcome of an inherited claim must not undo the finish. */
export function settle(
  at: { scene: Scene; state: State; owner: Owner },
  key: number,
  found: { status: Status; attempts: number },
): void {
  const { scene, state, owner } = at;
  const inherited = owner.inherited[key]!;
  const { status } = found;
  if (inherited === null || inherited <= found.attempts || !scene.rules.sealFinished) {
    owner.inherited[key] = null;
    owner.tasks[key] = null;
    return;
  }
  // No record replaces the data of a task that is being recorded.
  const task = waitingTask({ attempts: inherited, nextAttempt: 0, data: null, offset: END });
  owner.tasks[key] = { ...task, state: "recording", outcome: status };
  const write = { key, status, attempts: inherited, nextAttempt: 0, at: nextTimestamp(owner) };
  state.flying.push({ kind: "status", epoch: owner.epoch, ...write });
}

/** Takes the task from its row to memory. */
export function take(at: { scene: Scene; state: State; owner: Owner }, key: number): void {
  const { state, owner } = at;
  const row = state.rows[key]!;
  const found = statusOf(row);
  if (found !== null && isFinished(found.status)) {
    settle(at, key, { status: found.status!, attempts: found.attempts });
    return;
  }
  const attempts = Math.max(found?.attempts ?? 0, owner.inherited[key] ?? 0);
  const nextAttempt = found?.nextAttempt ?? 0;
  owner.tasks[key] = waitingTask({ attempts, nextAttempt, data: row.data, offset: row.offset });
}

/** The task is finished, acknowledged. */
export function forget(owner: Owner, key: number): void {
  owner.tasks[key] = null;
  owner.highestForgotten = Math.max(owner.highestForgotten, key);
  noteLeft(owner.load, key);
}

/** Goes on with the insert under way, as far as what is acknowledged allows. */
export function advanceInsert(at: { scene: Scene; state: State; owner: Owner }): void {
  const { scene, owner } = at;
  const { insert } = owner;
  if (insert === null || !insert.isRowAcked) return;
  if (!scene.rules.passWhenBothAcked) pass(scene, owner, insert);
  const known = owner.summaries[scene.bucketOf(insert.key)]!;
  if (scene.rules.loweringAcked && !scene.isCovered(known, insert.key)) return;
  if (insert.isDuplicate) passDuplicate(at, insert.key);
  else pass(scene, owner, insert);
  owner.applied = insert.offset;
  owner.nextOffset = insert.offset + 1;
  owner.insert = null;
}

/** A load may have passed the row before a summary led to it. */
function passDuplicate(at: { scene: Scene; state: State; owner: Owner }, key: number): void {
  const { scene, state, owner } = at;
  const isKnown = owner.tasks[key] !== null || owner.sleepers[key] !== null;
  if (!scene.rules.duplicatePassesAtAck || isKnown || !isUnfinished(state, key)) return;
  if (scene.isBelowBound(owner, key)) take(at, key);
}

/** Decides, once, whether a persisted task goes straight to memory. */
function pass(scene: Scene, owner: Owner, insert: Insert): void {
  if (insert.isDecided || insert.isDuplicate) return;
  insert.isDecided = true;
  const { key, data, offset } = insert;
  const task = owner.tasks[key]!;
  if (task !== null) {
    if (task.state === "held") Object.assign(task, { state: "waiting", data, offset });
    return;
  }
  if (owner.sleepers[key] !== null) return;
  const isPassing = scene.rules.passDecidedAtAck ? scene.isBelowBound(owner, key) : insert.wasBelow;
  if (!isPassing) return;
  const attempts = owner.inherited[key] ?? 0;
  owner.tasks[key] = waitingTask({ attempts, nextAttempt: 0, data, offset });
}

/** Is the row there, and not finished? */
export function isUnfinished(state: State, key: number): boolean {
  const row = state.rows[key]!;
  return isThere(row) && !isRowFinished(row);
}
