import { epochOfTimestamp, fail, isRowFinished, isThere, type Scene, statusOf } from "./scene.ts";
import { isFinished, type Owner, type State } from "./state.ts";

interface Start {
  readonly scene: Scene;
  readonly state: State;
  readonly owner: Owner;
}

/** A handler is called: checks what is promised about starts. */
export function noteStart(start: Start, key: number): void {
  const { scene, state, owner } = start;
  const { seen } = state;
  const { attempts } = owner.tasks[key]!;
  const starts = ++seen.starts[key]!;
  const isDurable = state.journal.some((entry) => entry.key === key && entry.attempt >= attempts);
  if (!isDurable) fail(state, `attempt ${attempts} of k${key} is not durable before its start`);
  if (starts > scene.world.maxAttempts) fail(state, `k${key} started ${starts} times`);
  if (state.lease.epoch !== owner.epoch) fail(state, `k${key} started under a lost lease`);
  const finishedUnder = seen.finishedUnder[key]!;
  const couldKnow = finishedUnder < owner.epoch || seen.finishedBy[key] === owner.epoch;
  if (finishedUnder >= 0 && couldKnow) {
    fail(state, `k${key} started after an outcome that the owner could know`);
  }
  checkStatus(start, key);
  checkLane(start, key);
  checkData(start, key);
}

/** Against the row, where it is the owner's own or landed before its time. */
function checkStatus({ state, owner }: Start, key: number): void {
  const found = statusOf(state.rows[key]!);
  if (found === null || isFinished(found.status)) return;
  const isKnown =
    epochOfTimestamp(found.statusAt) === owner.epoch || found.landedUnder < owner.epoch;
  if (!isKnown) return;
  if (found.nextAttempt > state.instant) fail(state, `k${key} started before its back-off ended`);
  const { attempts } = owner.tasks[key]!;
  if (found.attempts >= attempts) fail(state, `attempt number ${attempts} of k${key} again`);
}

function checkLane({ scene, state, owner }: Start, key: number): void {
  const lane = scene.laneOf(key);
  for (const other of scene.keys) {
    if (other === key || scene.laneOf(other) !== lane) continue;
    if (owner.tasks[other]?.state === "running") fail(state, `k${key} started beside k${other}`);
    if (scene.world.isBlocking && other < key && isOpen({ scene, state, owner }, other)) {
      fail(state, `k${key} started before k${other}`);
    }
  }
}

/** An applied record's task that is not finished. */
function isOpen({ scene, state, owner }: Start, key: number): boolean {
  const row = state.rows[key]!;
  const isApplied = scene.world.log.some(
    ([other], offset) => other === key && offset <= owner.applied,
  );
  return isThere(row) && !isRowFinished(row) && isApplied;
}

function checkData({ state, owner }: Start, key: number): void {
  const { attempts, data } = owner.tasks[key]!;
  if (data === null) fail(state, `k${key} started without data`);
  else if (attempts === 1 && data < state.seen.ackedData[key]!) {
    fail(state, `k${key} started with older data`);
  }
}
