import { isRowFinished, isThere, noteLeft, type Scene, statusOf } from "./scene.ts";
import { type Insert, isFinished, type Owner, type State, type Task } from "./state.ts";

export function waitingTask(row: Pick<Task, "attempts" | "nextAttempt" | "data" | "offset">): Task {
  const { attempts, nextAttempt, data, offset } = row;
  return { state: "waiting", attempts, nextAttempt, data, offset, outcome: null };
}

/** Takes the task from its row to memory. */
export function take(at: { state: State; owner: Owner }, key: number): void {
  const { state, owner } = at;
  const row = state.rows[key]!;
  const { data, offset } = row;
  const { status = null, attempts = 0, nextAttempt = 0 } = statusOf(row) ?? {};
  const task = waitingTask({ attempts, nextAttempt, data, offset });
  owner.tasks[key] = isFinished(status) ? null : task;
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
  owner.tasks[key] = waitingTask({ attempts: 0, nextAttempt: 0, data, offset });
}

/** Is the row there, and not finished? */
export function isUnfinished(state: State, key: number): boolean {
  const row = state.rows[key]!;
  return isThere(row) && !isRowFinished(row);
}
