import { noteStart } from "./note-start.ts";
import { take } from "./memory.ts";
import type { OwnerAction, Standing } from "./owner-action.ts";
import { nextTimestamp, noteLeft, type Scene } from "./scene.ts";
import type { Owner, Status, Task } from "./state.ts";

/** Claims, starts, ends, and what comes and goes for lack of time: for one key. */
export function runActions(standing: Standing, key: number): OwnerAction[] {
  const { scene, state, owner, mayWrite } = standing;
  const actions: OwnerAction[] = [];
  const sleeper = owner.sleepers[key]!;
  if (mayWrite && sleeper !== null && sleeper <= state.instant) {
    actions.push({ label: `reads sleeper k${key} again`, run: wakeUp(key) });
  }
  const task = owner.tasks[key]!;
  if (task === null) return actions;
  if (mayWrite && task.state === "waiting") {
    if (task.attempts >= scene.world.maxAttempts) {
      actions.push({ label: `gives k${key} up`, run: record(key, { status: "failed" }) });
    } else if (mayClaim(standing, key)) actions.push({ label: `claims k${key}`, run: claim(key) });
  }
  if (mayStart(standing, task)) {
    const run = start(scene, key);
    actions.push({ label: `STARTS attempt ${task.attempts + 1} of k${key}`, run });
  }
  if (task.state === "running") actions.push(...ends(standing, key));
  if (mayMove(standing, key)) actions.push({ label: `moves the claim of k${key}`, run: move(key) });
  if (maySleep(standing, task)) {
    actions.push({ label: `k${key} leaves memory`, run: fallAsleep(key) });
  }
  return actions;
}

function mayClaim({ scene, state, owner }: Standing, key: number): boolean {
  const { rules } = scene;
  const isLoaded = owner.readPosition >= scene.endOf(owner.since);
  const isDue = Math.max(scene.instantOf(key), owner.tasks[key]!.nextAttempt) <= state.instant;
  return (
    isDue &&
    (isLoaded || !rules.loadBeforeClaim) &&
    !(rules.oneAtATime && isHeldBack(scene, owner, key))
  );
}

/** By another task of its lane: one under way, or, under policy block, an earlier one. */
function isHeldBack(scene: Scene, owner: Owner, key: number): boolean {
  return owner.tasks.some((other, index) => {
    if (other === null || index === key || scene.laneOf(index) !== scene.laneOf(key)) return false;
    const isUnderWay = other.state !== "waiting" && other.state !== "held";
    return isUnderWay || (scene.world.isBlocking && index < key);
  });
}

function claim(key: number): OwnerAction["run"] {
  return (state, owner) => {
    const task = owner.tasks[key]!;
    task.state = "claiming";
    const sequence = owner.nextSequence++;
    owner.open.push({ sequence, key });
    owner.highestClaimed = Math.max(owner.highestClaimed, key);
    const { epoch } = owner;
    state.flying.push({ kind: "claim", epoch, key, attempt: task.attempts + 1, sequence });
  };
}

function mayStart({ scene, owner }: Standing, task: Task): boolean {
  const { claimBeforeStart, deadlineAtStart } = scene.rules;
  const isClaimed = task.state === "claimed" || (!claimBeforeStart && task.state === "claiming");
  return isClaimed && (owner.isLive || !deadlineAtStart);
}

function start(scene: Scene, key: number): OwnerAction["run"] {
  return (state, owner) => {
    const task = owner.tasks[key]!;
    task.state = "running";
    task.attempts++;
    noteStart({ scene, state, owner }, key);
  };
}

function ends({ scene, state, owner }: Standing, key: number): OwnerAction[] {
  const { retries, maxAttempts, lastInstant } = scene.world;
  const outcomes: { status: Status; nextAttempt?: number }[] = [{ status: "succeeded" }];
  const isLast = owner.tasks[key]!.attempts >= maxAttempts;
  if (isLast && retries.length > 0) outcomes.push({ status: "failed" });
  if (!isLast && retries.includes("now")) outcomes.push({ status: "retrying" });
  if (!isLast && retries.includes("next instant") && state.instant < lastInstant) {
    outcomes.push({ status: "retrying", nextAttempt: state.instant + 1 });
  }
  return outcomes.map((outcome) => ({
    label: `k${key} ends: ${outcome.status}${outcome.nextAttempt === undefined ? "" : " later"}`,
    run: record(key, outcome),
  }));
}

function record(
  key: number,
  outcome: { status: Status; nextAttempt?: number },
): OwnerAction["run"] {
  return (state, owner) => {
    const task = owner.tasks[key]!;
    const { status, nextAttempt = 0 } = outcome;
    Object.assign(task, { state: "recording", outcome: status, nextAttempt });
    const { epoch } = owner;
    const at = nextTimestamp(owner);
    state.flying.push({
      kind: "status",
      epoch,
      key,
      status,
      attempts: task.attempts,
      nextAttempt,
      at,
    });
  };
}

/** The journal position can pass it then. Once is enough: it stays open until that has landed. */
function mayMove({ scene, state, owner, mayWrite }: Standing, key: number): boolean {
  const isRunning = owner.tasks[key]!.state === "running";
  if (!scene.world.areClaimsMoved || !mayWrite || !isRunning) return false;
  const claim = owner.open.find((open) => open.key === key);
  const isMoving = state.flying.some(
    ({ kind, epoch, ...write }) =>
      kind === "move" &&
      epoch === owner.epoch &&
      "sequence" in write &&
      write.sequence === claim?.sequence,
  );
  return claim !== undefined && !isMoving;
}

function move(key: number): OwnerAction["run"] {
  return (state, owner) => {
    const { attempts } = owner.tasks[key]!;
    const at = nextTimestamp(owner);
    const { epoch } = owner;
    const { sequence } = owner.open.find((claim) => claim.key === key)!;
    const cells = { status: "retrying", attempts, nextAttempt: 0, at } as const;
    state.flying.push({ kind: "move", epoch, key, sequence, ...cells });
  };
}

function maySleep({ scene, state, mayWrite }: Standing, task: Task): boolean {
  const { sleepAfterAck, blockedHeadStays } = scene.rules;
  const isRetrying = task.state === "recording" && task.outcome === "retrying";
  const isAtRest = task.state === "waiting" || (!sleepAfterAck && isRetrying);
  const mustStay = scene.world.isBlocking && blockedHeadStays;
  return mayWrite && isAtRest && !mustStay && task.nextAttempt > state.instant;
}

function fallAsleep(key: number): OwnerAction["run"] {
  return (_state, owner) => {
    owner.sleepers[key] = owner.tasks[key]!.nextAttempt;
    owner.tasks[key] = null;
    noteLeft(owner.load, key);
  };
}

function wakeUp(key: number): OwnerAction["run"] {
  return (state, owner) => {
    owner.sleepers[key] = null;
    if (owner.tasks[key] === null) take({ state, owner }, key);
  };
}
