import { compareTaskKeys, lowerBoundKey, type TaskKey } from "@horae/core";
import { Lane, type LaneOffer } from "./lane.ts";
import { LaneSchedule } from "./lane-schedule.ts";
import type { LoadedTask } from "./loaded-task.ts";
import { MemoryRoom } from "./memory-room.ts";
import type { OwnerContext } from "./owner-context.ts";
import { StartedKeys } from "./started-keys.ts";
import { maxKey, minKey } from "./key-order.ts";

/** A read of rows that is under way: what happened to keys since it was announced. */
export interface ReadGuard {
  /** Keys that left memory, or were looked at: what the read brings for them is old. */
  readonly left: Set<string>;
}

/** What memory needs to know of its owner. */
export type MemoryContext = Pick<OwnerContext, "partition" | "settings" | "clock" | "telemetry">;

export type Addition = "added" | "known" | "left-out";

/**
 * The tasks of one partition that are in memory, by key and by lane, and how far the store has
 * been read. Its invariants: every unfinished row below the read position is here, or its lane has
 * left it out, or it is a sleeper that its bucket remembers; and what waits here lies below the read
 * position, or below the bound of the load under way.
 */
export class TaskMemory {
  readonly #context: MemoryContext;
  readonly #tasks = new Map<string, LoadedTask>();
  readonly #lanes = new Map<string, Lane>();
  readonly #guards = new Set<ReadGuard>();
  /** Lanes that had nothing to offer below the read position. */
  readonly #beyond = new Set<Lane>();
  readonly schedule = new LaneSchedule();
  readonly started: StartedKeys;
  /** Lanes that have left out rows. */
  readonly leftOutLanes = new Set<Lane>();
  /** Exclusive: rows below it have been read. */
  #readPosition: TaskKey = lowerBoundKey(0);
  /** Bound of the load under way, exclusive; null when there is none, or when it may bring nothing. */
  announcedTo: TaskKey | null = null;
  /** No unfinished row from the read position to here is outside memory; null: none anywhere. */
  unloadedFrom: TaskKey | null = lowerBoundKey(0);
  readonly room: MemoryRoom;

  constructor(context: MemoryContext, highestStartedKey: TaskKey | null) {
    this.#context = context;
    this.room = new MemoryRoom(context.settings);
    this.started = new StartedKeys(context.settings.startedKeysMax, highestStartedKey);
  }

  get size(): number {
    return this.#tasks.size;
  }

  get readPosition(): TaskKey {
    return this.#readPosition;
  }

  get(token: string): LoadedTask | undefined {
    return this.#tasks.get(token);
  }

  tasks(): IterableIterator<LoadedTask> {
    return this.#tasks.values();
  }

  lane(task: LoadedTask): Lane {
    return this.#lanes.get(task.key.orderingId)!;
  }

  laneById(orderingId: string): Lane | undefined {
    return this.#lanes.get(orderingId);
  }

  lanes(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  /** Exclusive: the read position, or the bound of a load under way, which may or may not see a row below it. */
  get passBound(): TaskKey {
    return maxKey(this.announcedTo, this.#readPosition)!;
  }

  /** Does a persisted task with this key go straight to memory? */
  passes(key: TaskKey): boolean {
    return compareTaskKeys(key, this.passBound) < 0;
  }

  /** A row at or above the read position was persisted: a load has to bring it. */
  noteUnloaded(key: TaskKey): void {
    this.unloadedFrom = minKey(this.unloadedFrom, key);
  }

  /** Reads announce themselves, so that what they bring can be told from what happened since. */
  beginRead(): ReadGuard {
    const guard: ReadGuard = { left: new Set() };
    this.#guards.add(guard);
    return guard;
  }

  endRead(guard: ReadGuard): void {
    this.#guards.delete(guard);
  }

  /** The key's row is newer than what a read under way (other than `except`) may bring. */
  noteLeft(token: string, except?: ReadGuard): void {
    for (const guard of this.#guards) if (guard !== except) guard.left.add(token);
  }

  advanceTo(position: TaskKey): void {
    if (compareTaskKeys(position, this.#readPosition) <= 0) return;
    this.#readPosition = position;
    const lanes = [...this.#beyond];
    this.#beyond.clear();
    for (const lane of lanes) this.touch(lane);
  }

  /**
   * The row of this key is not in memory, and a load is to bring it: the read position moves down to it.
   * What waits from here on goes with it, since it cannot be offered before the rows below it are read.
   */
  lowerTo(position: TaskKey): void {
    if (compareTaskKeys(position, this.#readPosition) < 0) {
      this.#readPosition = position;
      // A load under way began above it: what it brings would leave a gap.
      this.announcedTo = null;
    } else if (this.announcedTo !== null) {
      // What a load under way brings below the key is as good as before.
      this.announcedTo = minKey(this.announcedTo, position);
    }
    this.noteUnloaded(position);
    this.dropFrom(position);
  }

  /** Drops what waits at or above a key; what lies there is loaded, not refilled. */
  dropFrom(position: TaskKey): void {
    for (const task of this.#tasks.values()) {
      if (!task.isActive && compareTaskKeys(task.key, position) >= 0) this.remove(task);
    }
    for (const lane of this.leftOutLanes) {
      if (compareTaskKeys(lane.leftOutFrom!, position) >= 0) this.clearLeftOut(lane);
    }
  }

  /** Takes a task that is not finished, unless its lane has no room for it. */
  add(task: LoadedTask): Addition {
    if (this.#tasks.has(task.token)) return "known";
    const lane = this.#laneOf(task.key.orderingId);
    if (!this.#admits(lane, task.key)) {
      this.touch(lane);
      return "left-out";
    }
    this.#tasks.set(task.token, task);
    this.room.take(task.bytes);
    lane.insert(task, this.#context.clock.nowMs());
    this.touch(lane);
    return "added";
  }

  /** Lets go of a task. What reads under way bring for it is old from now on. */
  remove(task: LoadedTask, isFinished = false): void {
    if (!this.#tasks.delete(task.token)) return;
    if (task.attempts > 0) this.started.add(task.key, isFinished);
    const lane = this.lane(task);
    if (lane.active === task) lane.active = null;
    else this.room.leave(task.bytes);
    lane.remove(task, this.#context.clock.nowMs());
    this.noteLeft(task.token);
    this.touch(lane);
  }

  /** The lane is busy with this task from now on. */
  occupyLane(task: LoadedTask): void {
    const lane = this.lane(task);
    lane.active = task;
    lane.activeSinceMs = this.#context.clock.nowMs();
    this.room.leave(task.bytes);
    this.touch(lane);
  }

  /** What became of the task is recorded; it waits again, or is about to leave. */
  freeLane(task: LoadedTask): void {
    this.lane(task).active = null;
    this.room.take(task.bytes);
  }

  /** An attempt is over and the next one comes soon. A task that cannot be offered only takes room. */
  keepForRetry(task: LoadedTask): void {
    const lane = this.lane(task);
    if (!this.passes(task.key)) {
      // The read position moved down while it ran.
      this.remove(task);
      this.noteUnloaded(task.key);
    } else if (lane.isLeftOut(task.key)) {
      // An earlier one came while it ran, and found no room: a refill brings both, in order.
      this.leaveOut(lane, task.key);
    } else this.touch(lane);
  }

  replaceRequest(task: LoadedTask, request: LoadedTask["request"]): void {
    this.room.resize(request.dataJson.length - task.bytes);
    task.request = request;
  }

  /** The lane changed: its next offer is computed anew. */
  touch(lane: Lane): void {
    const offer = lane.offer(this.#readPosition, this.#context.clock.nowMs());
    this.schedule.set(lane, offer?.atMs ?? null);
    this.#beyond.delete(lane);
    if (lane.tasks.length > 0 && offer === null && lane.active === null) this.#beyond.add(lane);
    if (lane.tasks.length > 0 || lane.leftOutFrom !== null) return;
    // Who kept an empty lane (a suspect's was parked) must not take the next one of its id away.
    if (this.#lanes.get(lane.orderingId) === lane) this.#lanes.delete(lane.orderingId);
  }

  /** The next lane with an offer until then (epoch milliseconds); it has to be touched again after that. */
  takeOffer(untilMs: number): { lane: Lane; offer: LaneOffer } | null {
    const lane = this.schedule.take(untilMs);
    if (lane === null) return null;
    // Whatever takes a lane's offer away touches the lane.
    return { lane, offer: lane.offer(this.#readPosition, this.#context.clock.nowMs())! };
  }

  /** The lane's rows from `key` on are not all in memory any more; what waits there is dropped. */
  leaveOut(lane: Lane, key: TaskKey): void {
    const before = lane.leftOutFrom;
    lane.isRefilling = false;
    lane.leftOutFrom = minKey(before, key)!;
    lane.leftOutTo = maxKey(lane.leftOutTo, key);
    // What comes first now need not be the head for whose time a refill was to wait.
    if (lane.leftOutFrom !== before) lane.refillAtMs = 0;
    for (const task of [...lane.tasks]) {
      if (task.isActive || compareTaskKeys(task.key, lane.leftOutFrom) < 0) continue;
      lane.leftOutTo = maxKey(lane.leftOutTo, task.key);
      this.remove(task);
    }
    if (this.leftOutLanes.has(lane)) return;
    this.leftOutLanes.add(lane);
    const { telemetry, partition } = this.#context;
    telemetry.emit({ type: "laneOverflowed", partition, orderingId: lane.orderingId });
  }

  clearLeftOut(lane: Lane): void {
    lane.leftOutFrom = null;
    lane.leftOutTo = null;
    lane.isRefilling = false;
    lane.refillAtMs = 0;
    this.leftOutLanes.delete(lane);
    this.touch(lane);
  }

  #laneOf(orderingId: string): Lane {
    let lane = this.#lanes.get(orderingId);
    if (lane === undefined) {
      lane = new Lane(orderingId);
      this.#lanes.set(orderingId, lane);
    }
    return lane;
  }

  #admits(lane: Lane, key: TaskKey): boolean {
    if (lane.isLeftOut(key)) {
      lane.leftOutTo = maxKey(lane.leftOutTo, key);
      if (lane.isRefilling) lane.missedFrom = minKey(lane.missedFrom, key);
      return false;
    }
    if (lane.tasks.length < this.#context.settings.laneTasksMax) return true;
    const last = lane.last!;
    if (last.isActive || compareTaskKeys(key, last.key) >= 0) {
      this.leaveOut(lane, key);
      return false;
    }
    this.leaveOut(lane, last.key);
    return true;
  }
}
