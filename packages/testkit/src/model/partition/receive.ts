import { advanceInsert, isUnfinished, take } from "./memory.ts";
import type { OwnerAction, Standing } from "./owner-action.ts";
import { isThere, nextTimestamp, noteLeft, type Scene, statusOf } from "./scene.ts";
import { type Insert, isFinished, type Owner, type State } from "./state.ts";

/** The key of the record that comes next; null when there is none, or one is being persisted. */
export function nextKey({ scene, state, owner, mayWrite }: Standing): number | null {
  if (!mayWrite || owner.insert !== null || owner.nextOffset >= state.logEnd) return null;
  return scene.world.log[owner.nextOffset]![0];
}

export function receiveActions(standing: Standing): OwnerAction[] {
  const { scene, owner } = standing;
  const key = nextKey(standing);
  if (key === null || owner.summaries[scene.bucketOf(key)]!.stage !== "own") return [];
  return [
    {
      label: `receives record ${owner.nextOffset} (k${key})`,
      run: (state, self) => receive({ scene, state, owner: self }),
    },
  ];
}

interface Receiving {
  readonly scene: Scene;
  readonly state: State;
  readonly owner: Owner;
}

function receive(at: Receiving): void {
  const { scene, state, owner } = at;
  const offset = owner.nextOffset;
  const [key, data] = scene.world.log[offset]!;
  const task = owner.tasks[key]!;
  const isClaimed = task !== null && (task.attempts > 0 || isUnderWay(task.state));
  if (isClaimed || owner.sleepers[key] !== null) return countDuplicate(at, key, data);
  if (scene.rules.offsetInMemory && task !== null && task.offset > offset) {
    return countDuplicate(at, key, data);
  }
  if (task === null && isOldNews(scene, owner, key) && look(at, key)) {
    return countDuplicate(at, key, data);
  }
  if (task !== null) task.state = "held";
  const wasBelow = scene.position(key) < owner.readPosition;
  const insert = { key, data, offset, isRowAcked: false, isDuplicate: false, wasBelow };
  owner.insert = { ...insert, isDecided: false };
  const { epoch } = owner;
  state.flying.push({ kind: "row", epoch, key, data, offset, at: nextTimestamp(owner) });
}

function isUnderWay(state: string): boolean {
  return ["claiming", "claimed", "running", "recording"].includes(state);
}

/** May the record have been persisted, or its task started, before this owner knew of it? */
function isOldNews(scene: Scene, owner: Owner, key: number): boolean {
  const { lookBelowLogEnd, lookBelowStarted } = scene.rules;
  const highest = Math.max(owner.highestFound, owner.highestForgotten);
  return (
    (lookBelowLogEnd && owner.nextOffset < owner.logEndSeen) || (lookBelowStarted && key <= highest)
  );
}

/** Reads the row of a key that is not in memory; true when the record is a duplicate. */
function look(at: Receiving, key: number): boolean {
  const { scene, state, owner } = at;
  const { rules } = scene;
  const row = state.rows[key]!;
  const found = statusOf(row);
  if (found !== null && rules.loadDropsLooked) noteLeft(owner.load, key);
  const isNewer = rules.offsetInRow && isThere(row) && row.offset > owner.nextOffset;
  const hasStarted = found !== null && (isFinished(found.status) || found.attempts > 0);
  const isDuplicate = isNewer || hasStarted;
  if (!isDuplicate) return false;
  if (rules.lookTakesTask && isThere(row) && scene.isBelowBound(owner, key)) take(at, key);
  return true;
}

function countDuplicate(at: Receiving, key: number, data: string): void {
  const { scene, state, owner } = at;
  const { seen } = state;
  const offset = owner.nextOffset;
  if (seen.finishedUnder[key]! >= 0) {
    seen.duplicateOf[key] = Math.max(seen.duplicateOf[key]!, offset);
  }
  const known = owner.summaries[scene.bucketOf(key)]!;
  const isOpen = isUnfinished(state, key) && !scene.isCovered(known, key);
  if (!isOpen || !scene.rules.duplicateLowers) {
    owner.applied = offset;
    owner.nextOffset++;
    return;
  }
  const lowering: Insert = {
    key,
    data,
    offset,
    isDuplicate: true,
    isRowAcked: true,
    isDecided: false,
    wasBelow: false,
  };
  owner.insert = lowering;
  advanceInsert({ scene, state, owner });
}
