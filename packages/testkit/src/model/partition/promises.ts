import { END, isRowFinished, isThere, liveOwner, type Scene, statusOf } from "./scene.ts";
import type { Owner, State } from "./state.ts";

/** What the partition promises in every state: nothing acked is lost, nothing due lies unseen. */
export function brokenPromise(scene: Scene, state: State): string | null {
  if (state.broken !== null) return state.broken;
  for (let offset = 0; offset < state.logEnd; offset++) {
    const key = scene.world.log[offset]![0];
    if (isEnded(state, key, offset)) continue;
    const broken = lost({ scene, state }, key, offset) ?? forgotten({ scene, state }, key, offset);
    if (broken !== null) return broken;
  }
  return null;
}

/** Its task is finished, or was when the record came, or a zombie has finished it. */
function isEnded({ rows, seen }: State, key: number, offset: number): boolean {
  const isOver = isRowFinished(rows[key]!) || seen.finishedUnder[key]! >= 0;
  return isOver || offset <= seen.duplicateOf[key]!;
}

interface Moment {
  readonly scene: Scene;
  readonly state: State;
}

/** A record at or below the checkpoint must be found by the next owner, whenever that comes. */
function lost({ scene, state }: Moment, key: number, offset: number): string | null {
  if (offset > state.lease.applied) return null;
  const summary = state.summaries[scene.bucketOf(key)]!;
  if (isThere(state.rows[key]!) && scene.covers(summary, key)) return null;
  const low = summary.low === END ? "the end" : summary.low;
  return `LOST: record ${offset} (k${key}); its bucket is low at ${low} but [${summary.exceptions.join()}]`;
}

/** A record that the owner has applied is in its memory, or will be read by it. */
function forgotten({ scene, state }: Moment, key: number, offset: number): string | null {
  const owner = liveOwner(state);
  if (owner === undefined || !owner.hasTakenOver) return null;
  if (offset > owner.applied || state.lease.epoch !== owner.epoch) return null;
  if (owner.tasks[key] !== null || owner.sleepers[key] !== null) return null;
  if (!willBeRead({ scene, state }, owner, key))
    return `FORGOTTEN by its owner: record ${offset} (k${key})`;
  const isRead = owner.load === null && owner.readPosition >= scene.endOf(state.instant);
  const nextAttempt = statusOf(state.rows[key]!)?.nextAttempt ?? 0;
  const isDue = Math.max(scene.instantOf(key), nextAttempt) <= state.instant;
  return isRead && isDue ? `OVERDUE and not loaded: record ${offset} (k${key})` : null;
}

function willBeRead({ scene, state }: Moment, owner: Owner, key: number): boolean {
  const bucket = scene.bucketOf(key);
  const known = owner.summaries[bucket]!;
  const summary = known.stage === "own" ? known : state.summaries[bucket]!;
  const isAhead = scene.position(key) >= owner.readPosition;
  return isAhead && isThere(state.rows[key]!) && scene.covers(summary, key);
}
