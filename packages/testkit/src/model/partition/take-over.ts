import type { OwnerAction, Standing } from "./owner-action.ts";
import { END, isBefore, isThere, liveOwner, nextTimestamp, type Scene, statusOf } from "./scene.ts";
import { isFinished, type Owner, type State, type StatusWrite, type StoredRow } from "./state.ts";

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

/** The first thing that an owner does: it settles the claims that earlier owners have left open. */
export function takeOverAction({ scene }: Standing): OwnerAction {
  return {
    label: "reads the journal",
    run: (state, owner) => {
      owner.hasTakenOver = true;
      if (!scene.rules.readJournal) return;
      for (const claim of inheritedClaims(scene, state, owner)) {
        settleInherited({ scene, state, owner }, claim);
      }
    },
  };
}

/** Nothing else happens before each inherited claim is settled, acknowledged. */
export function isSettling(owner: Owner): boolean {
  return owner.inherited.some((attempt) => attempt !== null);
}

type Settlement = Pick<StatusWrite, "status" | "attempts" | "nextAttempt">;

interface InheritedClaim {
  readonly key: number;
  readonly attempt: number;
  readonly epoch: number;
}

/** The last claim of each key. */
function inheritedClaims(scene: Scene, state: State, owner: Owner): InheritedClaim[] {
  const found = state.journal.filter(
    ({ epoch, sequence }) => !isBefore([epoch, sequence], owner.journalFound),
  );
  owner.highestFound = Math.max(owner.highestFound, ...found.map(({ key }) => key));
  return scene.keys.flatMap((key) => {
    const claims = found.filter((claim) => claim.key === key);
    return claims.toSorted((a, b) => b.attempt - a.attempt || b.epoch - a.epoch).slice(0, 1);
  });
}

function settleInherited(
  { scene, state, owner }: { scene: Scene; state: State; owner: Owner },
  claim: InheritedClaim,
): void {
  const { key } = claim;
  const row = state.rows[key]!;
  if (!isThere(row)) return;
  const settled = settlement({ scene, owner, row }, claim);
  if (settled === null) return;
  owner.inherited[key] = claim.attempt;
  const { epoch } = owner;
  const at = nextTimestamp(owner);
  state.flying.push({ kind: "status", epoch, key, ...settled, at });
}

/** Null when the row says enough about the claim, and nothing under way can undo that. */
function settlement(
  { scene, owner, row }: { scene: Scene; owner: Owner; row: StoredRow },
  { attempt, epoch }: InheritedClaim,
): Settlement | null {
  const { rules, world } = scene;
  const { status = null, attempts = 0, nextAttempt = 0 } = statusOf(row) ?? {};
  if (status !== null && attempts >= attempt) {
    const mayBeSettledUnseen = rules.settleAgain && epoch < owner.epoch - 1;
    return mayBeSettledUnseen ? { status, attempts, nextAttempt } : null;
  }
  if (status !== null && isFinished(status)) {
    return rules.sealFinished ? { status, attempts: attempt, nextAttempt } : null;
  }
  const isOver = attempt >= world.maxAttempts;
  return { status: isOver ? "failed" : "retrying", attempts: attempt, nextAttempt: 0 };
}
