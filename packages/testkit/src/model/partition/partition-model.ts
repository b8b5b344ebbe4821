import type { Action, Model } from "../explore.ts";
import { checkpointActions } from "./checkpoint.ts";
import { copyState } from "./copy-state.ts";
import { land } from "./landing.ts";
import { loadActions } from "./load.ts";
import type { OwnerAction, Standing } from "./owner-action.ts";
import { brokenPromise } from "./promises.ts";
import { receiveActions } from "./receive.ts";
import { reduce } from "./reduce.ts";
import type { Rule } from "./rules.ts";
import { runActions } from "./run.ts";
import { END, Scene } from "./scene.ts";
import type { State, Write } from "./state.ts";
import { summaryActions } from "./summarize.ts";
import { acquire, isSettling, mayAcquire, takeOverAction } from "./take-over.ts";
import type { ModelWorld } from "./worlds.ts";

/**
 * One partition as design.md words it: log, rows, one summary per bucket, journal, lease with
 * checkpoint. There is one live owner at the most and one zombie, which goes on with its memory. A
 * write under way lands at any later time, or never, and landing is the acknowledgement; a process
 * dies by doing nothing more.
 */
export function partitionModel(world: ModelWorld, dropped: readonly Rule[] = []): Model<State> {
  const scene = new Scene(world, dropped);
  return {
    initial: () => initialState(scene),
    clone: copyState,
    actions: (state) => actionsOf(scene, state),
    check: (state) => brokenPromise(scene, state),
    reduce: (state) => reduce(scene, state),
  };
}

function initialState({ world, keys, buckets }: Scene): State {
  const ofKeys = <T>(value: T): T[] => keys.map(() => value);
  return {
    instant: 0,
    logEnd: world.logged,
    lease: { epoch: 0, applied: -1, journal: [0, 0], highestStarted: -1 },
    summaries: buckets.map(() => ({ low: END, exceptions: [], lowAt: 0, exceptionsAt: 0 })),
    rows: keys.map(() => ({
      data: null,
      offset: -1,
      dataAt: 0,
      status: null,
      attempts: 0,
      nextAttempt: 0,
      statusAt: 0,
      landedUnder: 0,
    })),
    journal: [],
    flying: [],
    owners: [],
    seen: {
      starts: ofKeys(0),
      finishedUnder: ofKeys(-1),
      finishedBy: ofKeys(-1),
      duplicateOf: ofKeys(-1),
      ackedData: ofKeys(""),
    },
    broken: null,
  };
}

function actionsOf(scene: Scene, state: State): Action<State>[] {
  const actions: Action<State>[] = [];
  if (state.logEnd < scene.world.log.length) {
    actions.push({ label: "a record is appended", run: (to) => void to.logEnd++ });
  }
  if (state.instant < scene.world.lastInstant) {
    actions.push({ label: "time passes", run: (to) => void to.instant++ });
  }
  state.flying.forEach((write, index) => {
    actions.push({ label: `lands: ${describe(write)}`, run: (to) => land(scene, to, index) });
  });
  if (mayAcquire(scene, state)) {
    actions.push({ label: "a lease is acquired", run: (to) => acquire(scene, to) });
  }
  state.owners.forEach((owner, index) => {
    const name = `e${owner.epoch}${owner.isLive ? "" : " (zombie)"}`;
    if (owner.isLive) {
      const run = (to: State): void => passDeadline(to, index);
      actions.push({ label: `${name} passes its deadline`, run });
    }
    for (const { label, run } of ownerActions(scene, state, index)) {
      actions.push({ label: `${name} ${label}`, run: (to) => run(to, to.owners[index]!) });
    }
  });
  return actions;
}

function passDeadline(state: State, index: number): void {
  const owner = state.owners[index]!;
  owner.isLive = false;
  if (!owner.hasTakenOver) state.owners.splice(index, 1);
}

function ownerActions(scene: Scene, state: State, index: number): OwnerAction[] {
  const owner = state.owners[index]!;
  const mayWrite = owner.isLive || !scene.rules.zombieStill;
  const standing: Standing = { scene, state, owner, mayWrite };
  if (!owner.hasTakenOver) return [takeOverAction(standing)];
  if (isSettling(owner)) return checkpointActions(standing);
  return [
    ...summaryActions(standing),
    ...receiveActions(standing),
    ...loadActions(standing),
    ...scene.keys.flatMap((key) => runActions(standing, key)),
    ...checkpointActions(standing),
  ];
}

function describe(write: Write): string {
  const { kind, epoch, ...rest } = write;
  const cells = Object.entries(rest)
    .filter(([name]) => name !== "at")
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${kind} of e${epoch}, ${cells.join(", ")}`;
}
