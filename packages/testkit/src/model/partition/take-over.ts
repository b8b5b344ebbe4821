import { noteSettled, settle } from "./memory.ts";
import type { OwnerAction, Standing } from "./owner-action.ts";
import { END, isBefore, liveOwner, type Scene, statusOf } from "./scene.ts";
import { isFinished, type Owner, type State } from "./state.ts";

/** May the next epoch begin? */
export function mayAcquire({ world }: Scene, state: State): boolean {
  return liveOwner(state) === undefined && state.lease.epoch < world.epochs;
}

/** The lease is free, or its owner has been silent for a period. One zombie is enough to show what zombies do. */
export function acquire(scene: Scene, state: State): void {
  if (state.owners.length > 1) state.owners.shift();
  const { lease } = state;
  lease.epoch++;
  state.owners.push({
    epoch: lease.epoch,
    isLive: true,
    since: state.instant,
    timestamps: 0,
    hasTakenOver: false,
    logEndSeen: state.logEnd,
    highestFound: lease.highestStarted,
    highestClaimed: -1,
    highestForgotten: -1,
    nextOffset: lease.applied + 1,
    applied: lease.applied,
    insert: null,
    readPosition: 0,
    load: null,
    tasks: scene.keys.map(() => null),
    sleepers: scene.keys.map(() => null),
    summaries: scene.buckets.map(() => ({
      stage: "unread",
      low: END,
      exceptions: [],
      flying: null,
    })),
    nextSequence: 0,
    journalFound: lease.journal,
    inherited: scene.keys.map(() => null),
    open: [],
    isCheckpointing: false,
  });
}

/** The first thing that an owner does. */
export function takeOverAction({ scene }: Standing): OwnerAction {
  return {
    label: "reads the journal",
    run: (state, owner) => {
      owner.hasTakenOver = true;
      if (scene.rules.readJournal) inherit(state, owner);
      for (const key of scene.keys) settleInherited({ scene, state, owner }, key);
    },
  };
}

function inherit(state: State, owner: Owner): void {
  for (const { epoch, sequence, key, attempt } of state.journal) {
    if (isBefore([epoch, sequence], owner.journalFound)) continue;
    owner.inherited[key] = Math.max(owner.inherited[key] ?? 0, attempt);
    owner.highestFound = Math.max(owner.highestFound, key);
  }
}

/** A claim whose outcome is in the row is no open claim. */
function settleInherited(at: { scene: Scene; state: State; owner: Owner }, key: number): void {
  const { state, owner } = at;
  const inherited = owner.inherited[key]!;
  const found = statusOf(state.rows[key]!);
  if (inherited === null || found === null) return;
  const { status, attempts } = found;
  if (isFinished(status)) settle(at, key, { status: status!, attempts });
  else if (attempts >= inherited) noteSettled(owner, key, attempts);
}
