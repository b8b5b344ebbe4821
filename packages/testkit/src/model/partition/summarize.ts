import type { OwnerAction, Standing } from "./owner-action.ts";
import { nextKey } from "./receive.ts";
import { END, nextTimestamp, type Scene } from "./scene.ts";
import {
  isFinished,
  type KnownSummary,
  type Owner,
  type State,
  type StoredSummary,
} from "./state.ts";

/** Reads, lowerings and raises of bucket summaries. */
export function summaryActions(standing: Standing): OwnerAction[] {
  if (!standing.mayWrite) return [];
  return [
    ...reads(standing),
    ...rewrites(standing),
    ...lowerings(standing),
    ...standing.scene.buckets.flatMap((bucket) => raises(standing, bucket)),
  ];
}

/** Buckets that this owner has not touched yet: where the next record goes, or where work may be. */
function reads(standing: Standing): OwnerAction[] {
  const { scene, state, owner } = standing;
  const next = nextKey(standing);
  const wanted = scene.buckets.filter(
    (bucket) =>
      owner.summaries[bucket]!.stage === "unread" &&
      ((next !== null && scene.bucketOf(next) === bucket) || !isDone(state.summaries[bucket]!)),
  );
  return wanted.map((bucket) => ({
    label: `reads the summary of bucket ${bucket}`,
    run: (to, self) => {
      const { low, exceptions } = to.summaries[bucket]!;
      Object.assign(self.summaries[bucket]!, { stage: "read", low, exceptions, flying: null });
    },
  }));
}

/** Before a record of the bucket is received, its summary is this owner's. */
function rewrites(standing: Standing): OwnerAction[] {
  const { scene, owner } = standing;
  const next = nextKey(standing);
  if (next === null) return [];
  const bucket = scene.bucketOf(next);
  const { stage, flying } = owner.summaries[bucket]!;
  if (stage !== "read" || flying !== null) return [];
  return [
    {
      label: `writes the summary of bucket ${bucket} again`,
      run: (to, self) => rewrite(scene, { state: to, owner: self, bucket }),
    },
  ];
}

function isDone({ low, exceptions }: StoredSummary): boolean {
  return low === END && exceptions.length === 0;
}

function rewrite(scene: Scene, at: { state: State; owner: Owner; bucket: number }): void {
  const { owner, bucket } = at;
  const known = owner.summaries[bucket]!;
  const { rewriteSummary, rewriteAcked } = scene.rules;
  if (rewriteSummary) write(scene, at, known);
  if (rewriteSummary && rewriteAcked) return;
  Object.assign(known, { stage: "own", flying: null });
}

/** Of the key that is being persisted, when its bucket's summary does not cover it. */
function lowerings({ scene, owner }: Standing): OwnerAction[] {
  if (owner.insert === null) return [];
  const { key } = owner.insert;
  const bucket = scene.bucketOf(key);
  const known = owner.summaries[bucket]!;
  if (!isFree(known) || scene.isCovered(known, key)) return [];
  const low = scene.position(key);
  const exceptions = known.exceptions.filter((other) => scene.position(other) < low);
  const actions: OwnerAction[] = [
    {
      label: `lowers bucket ${bucket} to k${key}`,
      run: (state, self) => write(scene, { state, owner: self, bucket }, { low, exceptions }),
    },
  ];
  if (known.exceptions.length >= scene.world.exceptionsMax) return actions;
  const more = { low: known.low, exceptions: [...known.exceptions, key] };
  actions.push({
    label: `makes k${key} an exception of bucket ${bucket}`,
    run: (state, self) => write(scene, { state, owner: self, bucket }, more),
  });
  return actions;
}

function isFree({ stage, flying }: KnownSummary): boolean {
  return stage === "own" && flying === null;
}

/** A raise may be the first write. */
function mayRaise({ stage, flying }: KnownSummary): boolean {
  return (stage === "own" || stage === "read") && flying === null;
}

/** The first open keys become exceptions, as many as there may be, and the low key goes to the next one. */
function raises({ scene, owner }: Standing, bucket: number): OwnerAction[] {
  const known = owner.summaries[bucket]!;
  if (!mayRaise(known)) return [];
  const open = scene.keys.filter(
    (key) => scene.bucketOf(key) === bucket && isOpen(scene, owner, key),
  );
  const top = topOf(scene, owner, bucket);
  const actions: OwnerAction[] = [];
  for (let count = 0; count <= Math.min(scene.world.exceptionsMax, open.length); count++) {
    const exceptions = open.slice(0, count).filter((key) => scene.position(key) < top);
    const low = Math.min(top, ...open.slice(count).map((key) => scene.position(key)));
    const isKept = known.exceptions.every(
      (key) => exceptions.includes(key) || scene.position(key) >= low || !open.includes(key),
    );
    const isSame = low === known.low && exceptions.join() === known.exceptions.join();
    if (low < known.low || isSame || !isKept) continue;
    actions.push({
      label: `raises bucket ${bucket} to ${low} but [${exceptions.map((key) => `k${key}`).join()}]`,
      run: (state, self) => write(scene, { state, owner: self, bucket }, { low, exceptions }),
    });
  }
  return actions;
}

/** Is the key not known to be finished? */
function isOpen({ rules }: Scene, owner: Owner, key: number): boolean {
  const task = owner.tasks[key]!;
  if (task !== null) {
    const isEnding = task.state === "recording" && isFinished(task.outcome);
    if (rules.raiseAfterOutcome || !isEnding) return true;
  }
  if (rules.raiseBelowInserts && owner.insert?.key === key) return true;
  return rules.raiseBelowSleepers && owner.sleepers[key] !== null;
}

/** Below this the owner knows what is unfinished; END: in the whole bucket. */
function topOf(scene: Scene, owner: Owner, bucket: number): number {
  const { raiseBelowReadPosition, raiseBelowLoads } = scene.rules;
  if (!raiseBelowReadPosition) return END;
  const announced = raiseBelowLoads ? null : owner.load;
  const top = announced?.to ?? owner.readPosition;
  return top >= scene.bucketEnd(bucket) ? END : top;
}

function write(
  scene: Scene,
  { state, owner, bucket }: { state: State; owner: Owner; bucket: number },
  { low, exceptions }: { low: number; exceptions: readonly number[] },
): void {
  const at = nextTimestamp(owner);
  const { epoch } = owner;
  owner.summaries[bucket]!.flying = { low, exceptions, at };
  const common = { kind: "summary", epoch, bucket, at } as const;
  if (scene.rules.summaryWhole) state.flying.push({ ...common, low, exceptions });
  else {
    state.flying.push({ ...common, low, exceptions: null });
    state.flying.push({ ...common, low: null, exceptions });
  }
}
