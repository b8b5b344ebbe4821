import { ALL_RULES, type Rule } from "./rules.ts";
import {
  isFinished,
  type JournalPosition,
  type KnownSummary,
  type Load,
  type Owner,
  type State,
  type StoredRow,
} from "./state.ts";
import type { ModelWorld } from "./worlds.ts";

/** Above every position. */
export const END = 999;

/** Write timestamps of an epoch start here, times the epoch. */
const TIMESTAMPS_PER_EPOCH = 64;

/** A world, the rules that are in force in it, and how its keys are ordered. */
export class Scene {
  readonly world: ModelWorld;
  readonly rules: Readonly<Record<Rule, boolean>>;
  readonly keys: readonly number[];
  readonly buckets: readonly number[];

  constructor(world: ModelWorld, dropped: readonly Rule[]) {
    this.world = world;
    const inForce = ALL_RULES.map((rule) => [rule, !dropped.includes(rule)] as const);
    this.rules = Object.fromEntries(inForce) as Record<Rule, boolean>;
    this.keys = world.instants.map((_, key) => key);
    this.buckets = [...new Set(world.buckets)];
  }

  /** Where a key stands in the schedule: by instant, then by key. */
  position(key: number): number {
    return this.instantOf(key) * (this.keys.length + 1) + key;
  }

  /** First position after an instant: with a look-ahead of nothing a load reads up to there. */
  endOf(instant: number): number {
    return (instant + 1) * (this.keys.length + 1);
  }

  instantOf(key: number): number {
    return this.world.instants[key]!;
  }

  bucketOf(key: number): number {
    return this.world.buckets[key]!;
  }

  laneOf(key: number): number {
    return this.world.lanes[key]!;
  }

  /** First position after the keys of a bucket. */
  bucketEnd(bucket: number): number {
    const inside = this.keys.filter((key) => this.bucketOf(key) === bucket);
    return Math.max(...inside.map((key) => this.position(key) + 1));
  }

  covers(summary: { low: number; exceptions: readonly number[] }, key: number): boolean {
    return this.position(key) >= summary.low || summary.exceptions.includes(key);
  }

  /** Does what the owner has acknowledged, and what it has in flight, cover the key? */
  isCovered(known: KnownSummary, key: number): boolean {
    if (!this.covers(known, key)) return false;
    const isCompared = this.rules.compareInFlight && known.flying !== null;
    return !isCompared || this.covers(known.flying!, key);
  }

  /** Is the key below the read position, or below the bound that a load has announced? */
  isBelowBound(owner: Owner, key: number): boolean {
    const announced = this.rules.announceLoad ? (owner.load?.to ?? 0) : 0;
    return this.position(key) < Math.max(owner.readPosition, announced);
  }
}

/** The next write timestamp of an owner. */
export function nextTimestamp(owner: Owner): number {
  return owner.epoch * TIMESTAMPS_PER_EPOCH + ++owner.timestamps;
}

export function epochOfTimestamp(timestamp: number): number {
  return Math.floor(timestamp / TIMESTAMPS_PER_EPOCH);
}

export function timestampOf(epoch: number, number: number): number {
  return epoch * TIMESTAMPS_PER_EPOCH + number;
}

/** The row has been written: its request cells are there. */
export function isThere(row: StoredRow): boolean {
  return row.dataAt > 0;
}

export function isRowFinished(row: StoredRow): boolean {
  return row.statusAt > 0 && isFinished(row.status);
}

/** The status cells, if there are any. */
export function statusOf(row: StoredRow): StoredRow | null {
  return row.statusAt > 0 && row.status !== null ? row : null;
}

export function isBefore(a: JournalPosition, b: JournalPosition): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/** A key left memory, or was looked at: a load that began before must not bring it back. */
export function noteLeft(load: Load | null, key: number): void {
  if (load !== null && !load.left.includes(key)) load.left.push(key);
}

/** The first promise that is broken stays. */
export function fail(state: State, message: string): void {
  state.broken ??= message;
}

export function liveOwner(state: State): Owner | undefined {
  return state.owners.find(({ isLive }) => isLive);
}
