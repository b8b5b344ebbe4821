import type { Insert, KnownSummary, Load, Owner, State, Task } from "./state.ts";

/** A copy that shares only what is never changed in place: lists of exceptions, journal positions. */
export function copyState(state: State): State {
  const { seen } = state;
  return {
    ...state,
    lease: { ...state.lease },
    summaries: state.summaries.map((summary) => ({ ...summary })),
    rows: state.rows.map((row) => ({ ...row })),
    journal: state.journal.map((entry) => ({ ...entry })),
    flying: state.flying.map((write) => ({ ...write })),
    owners: state.owners.map(copyOwner),
    seen: {
      starts: [...seen.starts],
      finishedUnder: [...seen.finishedUnder],
      finishedBy: [...seen.finishedBy],
      duplicateOf: [...seen.duplicateOf],
      ackedData: [...seen.ackedData],
    },
  };
}

function copyOwner(owner: Owner): Owner {
  return {
    ...owner,
    insert: copyOrNull<Insert>(owner.insert),
    load: owner.load === null ? null : copyLoad(owner.load),
    tasks: owner.tasks.map((task) => copyOrNull<Task>(task)),
    sleepers: [...owner.sleepers],
    summaries: owner.summaries.map(copyKnown),
    inherited: [...owner.inherited],
    open: [...owner.open],
  };
}

function copyLoad(load: Load): Load {
  return { ...load, left: [...load.left] };
}

function copyKnown(known: KnownSummary): KnownSummary {
  return { ...known, flying: copyOrNull(known.flying) };
}

function copyOrNull<T extends object>(value: T | null): T | null {
  return value === null ? null : { ...value };
}
