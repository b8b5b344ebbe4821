import { waitingTask } from "./memory.ts";
import type { OwnerAction, Standing } from "./owner-action.ts";
import { isThere, type Scene, statusOf } from "./scene.ts";
import { isFinished, type LoadedRow, type Owner, type State } from "./state.ts";

/** A load announces its bound, reads, and returns: in one step, or with anything in between. */
export function loadActions({ scene, state, owner, mayWrite }: Standing): OwnerAction[] {
  const to = scene.endOf(state.instant);
  const { load } = owner;
  if (load?.rows != null) {
    return [
      { label: "load: returns", run: (now, self) => endLoad({ scene, state: now, owner: self }) },
    ];
  }
  if (load !== null) return [{ label: "load: reads", run: (now, self) => read(scene, now, self) }];
  if (!mayWrite || owner.readPosition >= to) return [];
  if (!scene.world.isLoadOneStep) {
    return [{ label: "load: announces its bound", run: (now, self) => announce(now, self, to) }];
  }
  return [
    {
      label: "loads",
      run: (now, self) => {
        announce(now, self, to);
        read(scene, now, self);
        endLoad({ scene, state: now, owner: self });
      },
    },
  ];
}

/** Loading needs only what the index says. */
function announce(state: State, owner: Owner, to: number): void {
  const summaries = state.summaries.map(({ low, exceptions }) => ({ low, exceptions }));
  owner.load = { to, summaries, rows: null, left: [] };
}

function read(scene: Scene, state: State, owner: Owner): void {
  const load = owner.load!;
  load.rows = scene.keys.flatMap((key): LoadedRow[] => {
    const position = scene.position(key);
    const row = state.rows[key]!;
    const { low, exceptions } = load.summaries[scene.bucketOf(key)]!;
    const isWanted = position >= low || (scene.rules.loadExceptions && exceptions.includes(key));
    if (!isWanted || !isThere(row) || position < owner.readPosition || position >= load.to)
      return [];
    const found = statusOf(row);
    const { data, offset } = row;
    const { status = null, attempts = 0, nextAttempt = 0 } = found ?? {};
    return [{ key, data, offset, status, attempts, nextAttempt }];
  });
}

function endLoad(at: { scene: Scene; state: State; owner: Owner }): void {
  const { owner } = at;
  const { rows, to } = owner.load!;
  for (const row of rows!) takeRow(at, row);
  owner.readPosition = Math.max(owner.readPosition, to);
  owner.load = null;
}

function takeRow(at: { scene: Scene; state: State; owner: Owner }, row: LoadedRow): void {
  const { scene, state, owner } = at;
  const { key, status, nextAttempt } = row;
  const isOld = scene.rules.loadDropsLeft && owner.load!.left.includes(key);
  if (isOld || owner.tasks[key] !== null || owner.sleepers[key] !== null) return;
  if (isFinished(status)) return;
  if (!scene.rules.rememberSleepers && nextAttempt > state.instant) return;
  const task = waitingTask(row);
  const { insert } = owner;
  // A newer version of the row is on its way.
  if (insert?.key === key && !insert.isDecided && !insert.isDuplicate) task.state = "held";
  owner.tasks[key] = task;
}
