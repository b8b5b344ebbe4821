import { epochOfTimestamp, isBefore, type Scene, timestampOf } from "./scene.ts";
import type { Owner, State, Task, Write } from "./state.ts";

/**
 * Makes states equal that differ in nothing that matters: timestamps by their order only, no write that
 * can change nothing any more, nothing of a zombie but its running handlers.
 */
export function reduce(scene: Scene, state: State): void {
  renumberTimestamps(state);
  state.flying = state.flying.filter((write) => canChangeSomething(scene, state, write));
  if (scene.rules.zombieStill && scene.rules.deadlineAtStart) reduceZombies(scene, state);
  state.flying.sort(compareWrites);
  state.journal.sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence);
}

function renumberTimestamps(state: State): void {
  const used = new Set<number>();
  eachTimestamp(state, (timestamp) => {
    if (timestamp > 0) used.add(timestamp);
    return timestamp;
  });
  const counts = new Map<number, number>();
  const renumbered = new Map<number, number>();
  for (const timestamp of [...used].sort((a, b) => a - b)) {
    const epoch = epochOfTimestamp(timestamp);
    const number = (counts.get(epoch) ?? 0) + 1;
    counts.set(epoch, number);
    renumbered.set(timestamp, timestampOf(epoch, number));
  }
  eachTimestamp(state, (timestamp) => renumbered.get(timestamp) ?? 0);
  for (const owner of state.owners) owner.timestamps = counts.get(owner.epoch) ?? 0;
}

function eachTimestamp(state: State, change: (timestamp: number) => number): void {
  for (const row of state.rows) {
    row.dataAt = change(row.dataAt);
    row.statusAt = change(row.statusAt);
  }
  for (const summary of state.summaries) {
    summary.lowAt = change(summary.lowAt);
    summary.exceptionsAt = change(summary.exceptionsAt);
  }
  for (const { summaries } of state.owners) {
    for (const { flying } of summaries) if (flying !== null) flying.at = change(flying.at);
  }
  for (const write of state.flying) if ("at" in write) write.at = change(write.at);
}

function canChangeSomething(scene: Scene, state: State, write: Write): boolean {
  const { checkpointIfEpoch, zombieStill, disjointTimestamps } = scene.rules;
  if (write.kind === "checkpoint") return !checkpointIfEpoch || write.epoch === state.lease.epoch;
  if (write.kind === "trim") {
    return state.journal.some(({ epoch, sequence }) => isBefore([epoch, sequence], write.below));
  }
  const owner = state.owners.find(({ epoch }) => epoch === write.epoch);
  const isAwaited = owner !== undefined && (owner.isLive || !zombieStill);
  if (isAwaited || !disjointTimestamps) return true;
  switch (write.kind) {
    case "row":
      return write.at > state.rows[write.key]!.dataAt;
    case "status":
    case "move":
      return write.at > state.rows[write.key]!.statusAt;
    case "summary": {
      const { lowAt, exceptionsAt } = state.summaries[write.bucket]!;
      return write.at > lowAt || write.at > exceptionsAt;
    }
    case "claim":
      return true;
  }
}

function reduceZombies(scene: Scene, state: State): void {
  state.owners = state.owners
    .map((owner) => (owner.isLive ? owner : zombie(scene, owner)))
    .filter(({ isLive, tasks }) => isLive || tasks.some((task) => task !== null));
}

function zombie(scene: Scene, owner: Owner): Owner {
  const running = (task: Task | null): Task | null =>
    task?.state === "running" ? { ...task, data: null, nextAttempt: 0, offset: 0 } : null;
  return {
    ...owner,
    since: 0,
    logEndSeen: 0,
    highestFound: 0,
    highestClaimed: 0,
    highestForgotten: 0,
    nextOffset: 0,
    applied: 0,
    insert: null,
    readPosition: 0,
    load: null,
    tasks: owner.tasks.map(running),
    sleepers: scene.keys.map(() => null),
    summaries: [],
    nextSequence: 0,
    journalFound: [0, 0],
    inherited: scene.keys.map(() => null),
    open: [],
    isCheckpointing: false,
  };
}

function compareWrites(a: Write, b: Write): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return ("at" in a ? a.at : 0) - ("at" in b ? b.at : 0);
}
