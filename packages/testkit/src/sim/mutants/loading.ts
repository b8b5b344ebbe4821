import type { Mutant } from "./mutant.ts";

/** Bugs of loading, lanes and running. */
export const LOADING_MUTANTS: readonly Mutant[] = [
  {
    name: "load bound not announced",
    breaks: "a load announces its upper bound before it reads",
    file: "engine/src/loader.ts",
    find: "    memory.announcedTo = to;",
    replace: "",
  },
  {
    name: "persisted tasks not passed through",
    breaks: "a task at or below the read position goes straight to memory",
    file: "engine/src/bucket-persister.ts",
    find: "} else if (memory.passes(key)) {",
    replace: "} else if (memory.passes(key) && key.scheduledTimeMs < 0) {",
  },
  {
    name: "found rows not taken",
    breaks: "a look that finds an unfinished row below the read position takes it to memory",
    file: "engine/src/bucket-persister.ts",
    find: "memory.started.add(row.key, false);\n    else memory.add(task);",
    replace: "memory.started.add(row.key, false);",
  },
  {
    name: "old rows taken by a load",
    breaks: "what a load brings for a key that left memory since it was announced is dropped",
    file: "engine/src/loader.ts",
    find: "if (guard.left.has(task.token) || memory.get(task.token) !== undefined) return false;",
    replace: "if (memory.get(task.token) !== undefined) return false;",
  },
  {
    name: "eviction during a load not noticed",
    breaks: "when memory is full the read position moves down",
    file: "engine/src/task-memory.ts",
    find: "// A load under way began above it: what it brings would leave a gap.\n      this.announcedTo = null;",
    replace: "",
  },
  {
    name: "a load that came less far counts as whole",
    breaks: "the read position moves as far as a load has read",
    file: "engine/src/load-rows.ts",
    find: "return { rows, readTo: keyAfter(found.at(-1)!.key), summaries: index };",
    replace: "return { rows, readTo: range.to, summaries: index };",
  },
  {
    name: "sleepers found by a load forgotten",
    breaks: "a sleeper found by a load is remembered",
    file: "engine/src/loader.ts",
    find: "if (sleepers.takes(task)) {",
    replace: "if (task.sleepsBeyond(context.clock.nowMs() + context.settings.lookAheadMs)) {",
  },
  {
    name: "a re-read stops below the load under way",
    breaks: "a bucket that is read again brings all the sleepers that it forgets",
    file: "engine/src/sleeper-reread.ts",
    find: "minKey(end, memory.passBound)!",
    replace: "minKey(end, memory.readPosition)!",
  },
  {
    name: "inserts offered before they are acknowledged",
    breaks: "newer data for a key are held until they are written",
    file: "engine/src/bucket-persister.ts",
    find: '    task.state = "held";\n    memory.touch',
    replace: "    memory.touch",
  },
  {
    name: "lanes offer above the read position",
    breaks: "nothing is claimed before everything unfinished below has been loaded",
    file: "engine/src/lane.ts",
    find: "if (compareTaskKeys(task.key, bound) >= 0) break;",
    replace: "",
  },
  {
    name: "retries above the read position stay in memory",
    breaks: "what cannot be offered leaves room for what can",
    file: "engine/src/task-memory.ts",
    find: "if (!this.passes(task.key)) {",
    replace: "if (task.attempts < 0) {",
  },
  {
    name: "retries above what their lane left out stay in memory",
    breaks: "what cannot be offered leaves room for what can",
    file: "engine/src/task-memory.ts",
    find: "} else if (lane.isLeftOut(task.key)) {",
    replace: "} else if (task.attempts < 0) {",
  },
  {
    name: "a load goes past what was dropped meanwhile",
    breaks: "when memory is full the read position moves down",
    file: "engine/src/task-memory.ts",
    find: "this.announcedTo = minKey(this.announcedTo, position);",
    replace: "",
  },
  {
    name: "a full lane forgets what it refuses",
    breaks: "a lane that overflows is refilled from the first key it left out",
    file: "engine/src/task-memory.ts",
    find: "      this.leaveOut(lane, key);\n      return false;",
    replace: "      return false;",
  },
  {
    name: "a refill forgets what came meanwhile",
    breaks: "a lane that overflows is refilled from the first key it left out",
    file: "engine/src/task-memory.ts",
    find: "if (lane.isRefilling) lane.missedFrom = minKey(lane.missedFrom, key);",
    replace: "",
  },
  {
    name: "tasks above a lowered read position stay in memory",
    breaks: "what cannot be offered leaves room for what can",
    file: "engine/src/task-memory.ts",
    find: "this.dropFrom(position);",
    replace: "",
  },
  {
    name: "a refill forgets what its lane has refused",
    breaks: "a row written during a load is seen by the load or goes to memory",
    file: "engine/src/task-memory.ts",
    find: "lane.leftOutTo = maxKey(lane.leftOutTo, key);\n      if (lane.isRefilling)",
    replace: "if (lane.isRefilling)",
  },
  {
    name: "a parked suspect asks once",
    breaks: "a suspect whose turn came while the lease was suspended is offered again",
    file: "engine/src/partition-attempts.ts",
    find: "if (this.#parked.size > 0) executor.offerSuspect(this);\n    const offerAtMs",
    replace: "const offerAtMs",
  },
  {
    name: "a parked lane takes its successor away",
    breaks: "every task in memory has its lane",
    file: "engine/src/task-memory.ts",
    find: "if (this.#lanes.get(lane.orderingId) === lane) this.#lanes.delete(lane.orderingId);",
    replace: "this.#lanes.delete(lane.orderingId);",
  },
  {
    name: "claimed ahead, started ahead",
    breaks: "a task never starts before its time",
    file: "engine/src/partition-attempts.ts",
    find: "else if (task.dueAtMs <= nowMs && context.lease.isValid()) this.#start(task);",
    replace: "else if (context.lease.isValid()) this.#start(task);",
  },
  {
    name: "two attempts in a lane",
    breaks: "tasks of one ordering id run one at a time",
    file: "engine/src/lane.ts",
    find:
      "    if (this.active !== null) return null;\n" +
      "    let best: LaneOffer | null = null;\n" +
      "    for (const task of this.tasks) {\n",
    replace:
      "    let best: LaneOffer | null = null;\n" +
      "    for (const task of this.tasks) {\n" +
      '      if (task.state !== "waiting" && task.state !== "held") continue;\n',
  },
  {
    name: "outcome of one row for all",
    breaks: "an outcome is acknowledged when its write is",
    file: "engine/src/outcome-recorder.ts",
    find: "store.recordStatuses({ partition, bucket, timestamp, rows }),",
    replace: "store.recordStatuses({ partition, bucket, timestamp, rows: rows.slice(0, 1) }),",
  },
  {
    name: "exhausted tasks run again",
    breaks: "starts <= maxAttempts",
    file: "engine/src/partition-attempts.ts",
    find: "if (task.countedAttempts >= task.options.maxAttempts) {",
    replace: "if (task.countedAttempts > task.options.maxAttempts) {",
  },
];
