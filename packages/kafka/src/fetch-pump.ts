import { type Clock, type LogBounds, type Timer } from "@horae/core";
import type { FetchedPartition } from "./broker.ts";
import { BROKER_CODES, LEADER_MOVED, nameOfCode } from "./broker-codes.ts";
import { failureOf, logGap, logUnavailable } from "./errors.ts";
import { fetchedRecords } from "./fetched-records.ts";
import type { PartitionFeed } from "./partition-feed.ts";

/**
 * Two: while one waits for records of the partitions that are quiet, the other one is free for a
 * partition that is opened, or has room again, in the meantime. A broker answers the requests of one
 * connection one after the other, so each has its own.
 */
export const FETCH_LANES = 2;

/** Pauses after a failed fetch: doubling, from the first to the longest. */
const PAUSE_FIRST_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** The reader hears of trouble that lasts longer. A moved leader is found sooner. */
const TROUBLE_AFTER_MS = 1_000;

export interface FetchRequest {
  readonly nodeId: number;
  /** Below `FETCH_LANES`. */
  readonly lane: number;
  readonly partitions: readonly { readonly partition: number; readonly fetchOffset: number }[];
}

/** What the pump needs of a cluster. All throw kafkajs' errors. */
export interface FetchWire {
  /** Asks for the leaders anew: node of each partition's leader, -1 where there is none. */
  leaders(): Promise<readonly number[]>;
  /** Resolves when there is a record for one of the partitions, or after a short wait. */
  fetch(request: FetchRequest): Promise<readonly FetchedPartition[]>;
  bounds(partition: number): Promise<LogBounds>;
}

/**
 * Fetches for all readers of a node. A fetch goes to the leader of the partitions that want more and
 * are in no other fetch; what comes goes to their feeds. It depends on no group: a partition is read
 * while its reader is open, also through rebalances, because the lease decides who reads.
 */
export class FetchPump {
  readonly #wire: FetchWire;
  readonly #clock: Clock;
  readonly #feeds = new Set<PartitionFeed>();
  /** As far as known; a fetch that failed makes it unknown. */
  #leaders: (number | undefined)[] = [];
  /** Lanes that a fetch is under way in, by node. */
  readonly #busyLanes = new Map<number, Set<number>>();
  #timer: Timer | null = null;
  #isLoading = false;
  #isAwake = false;
  #isClosed = false;

  constructor(options: { wire: FetchWire; clock: Clock }) {
    this.#wire = options.wire;
    this.#clock = options.clock;
  }

  add(feed: PartitionFeed): void {
    this.#feeds.add(feed);
    this.wake();
  }

  /** Looks for something to fetch, in a microtask. */
  wake(): void {
    if (this.#isAwake || this.#isClosed) return;
    this.#isAwake = true;
    queueMicrotask(() => {
      this.#isAwake = false;
      this.#pump();
    });
  }

  /** Fetches no more and closes the readers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await Promise.all([...this.#feeds].map((feed) => feed.close()));
  }

  #pump(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    const nowMs = this.#clock.monotonicMs();
    const byLeader = new Map<number, PartitionFeed[]>();
    let nextMs = Infinity;
    let unknown = false;
    for (const feed of this.#feeds) {
      if (feed.isClosed) this.#feeds.delete(feed);
      if (!feed.isHungry || feed.isFetching) continue;
      if (feed.notBeforeMs > nowMs) {
        nextMs = Math.min(nextMs, feed.notBeforeMs);
        continue;
      }
      const leader = this.#leaders[feed.partition];
      if (leader === undefined) unknown = true;
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), feed]);
    }
    for (const [nodeId, feeds] of byLeader) this.#startFetch(nodeId, feeds);
    if (unknown && !this.#isLoading) void this.#loadLeaders();
    if (nextMs < Infinity) {
      this.#timer = this.#clock.setTimer(Math.ceil(nextMs - nowMs), () => this.wake());
    }
  }

  #startFetch(nodeId: number, hungry: readonly PartitionFeed[]): void {
    const busy = this.#busyLanes.get(nodeId) ?? new Set();
    this.#busyLanes.set(nodeId, busy);
    for (let lane = 0; lane < FETCH_LANES; lane++) {
      if (busy.has(lane)) continue;
      const feeds = together(hungry.filter((feed) => !feed.isFetching));
      if (feeds.length === 0) return;
      for (const feed of feeds) feed.isFetching = true;
      busy.add(lane);
      void this.#fetch(nodeId, lane, feeds).finally(() => {
        busy.delete(lane);
        for (const feed of feeds) feed.isFetching = false;
        this.wake();
      });
    }
  }

  async #fetch(nodeId: number, lane: number, feeds: readonly PartitionFeed[]): Promise<void> {
    const partitions = feeds.map(({ partition, fetchOffset }) => ({ partition, fetchOffset }));
    try {
      const fetched = await this.#wire.fetch({ nodeId, lane, partitions });
      const byPartition = new Map(fetched.map((answer) => [answer.partition, answer]));
      for (const feed of feeds) await this.#receive(feed, byPartition.get(feed.partition));
    } catch (error) {
      const isUnreadable = failureOf(error).kind === "unreadable";
      for (const feed of feeds) {
        // One batch that cannot be read must not hide those of all other partitions.
        if (isUnreadable) feed.isAlone = true;
        else this.#leaders[feed.partition] = undefined;
        if (!isUnreadable || feeds.length === 1) this.#failed(feed, error);
      }
    }
  }

  async #receive(feed: PartitionFeed, fetched: FetchedPartition | undefined): Promise<void> {
    const code = fetched?.errorCode ?? BROKER_CODES.UNKNOWN;
    if (fetched !== undefined && code === BROKER_CODES.NONE) {
      const { records, nextOffset } = fetchedRecords(fetched, feed.fetchOffset);
      feed.deliver(records, nextOffset);
    } else if (code === BROKER_CODES.OFFSET_OUT_OF_RANGE) {
      await this.#checkGap(feed);
    } else {
      if (LEADER_MOVED.has(code)) this.#leaders[feed.partition] = undefined;
      this.#failed(feed, new Error(`the leader answered ${nameOfCode(code)}`));
    }
  }

  /** Is the wanted offset gone for good, or has only this broker not got it yet? */
  async #checkGap(feed: PartitionFeed): Promise<void> {
    const { partition, fetchOffset } = feed;
    try {
      const { startOffset, endOffset } = await this.#wire.bounds(partition);
      const holds = `the log holds ${startOffset} to ${endOffset - 1}`;
      if (fetchOffset < startOffset) {
        feed.end(logGap(partition, `offset ${fetchOffset} is gone, ${holds}`));
      } else if (fetchOffset > endOffset) {
        // Waiting would skip what is appended from here on, up to the wanted offset.
        feed.end(logGap(partition, `the log ends before offset ${fetchOffset}, ${holds}`));
      } else this.#failed(feed, new Error(`offset ${fetchOffset} is not available, but ${holds}`));
    } catch (error) {
      this.#failed(feed, error);
    }
  }

  #failed(feed: PartitionFeed, error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    feed.failingSinceMs ??= nowMs;
    feed.notBeforeMs = nowMs + Math.min(PAUSE_FIRST_MS * 2 ** feed.failures, PAUSE_MAX_MS);
    feed.failures = Math.min(feed.failures + 1, 16);
    if (nowMs - feed.failingSinceMs >= TROUBLE_AFTER_MS) {
      feed.fail(logUnavailable(`read partition ${feed.partition}`, error));
    }
  }

  async #loadLeaders(): Promise<void> {
    this.#isLoading = true;
    let failure: unknown = new Error("the partition has no leader just now");
    try {
      const leaders = await this.#wire.leaders();
      this.#leaders = leaders.map((leader) => (leader < 0 ? undefined : leader));
    } catch (error) {
      failure = error;
    }
    this.#isLoading = false;
    const nowMs = this.#clock.monotonicMs();
    for (const feed of this.#feeds) {
      const isDue = feed.isHungry && !feed.isFetching && feed.notBeforeMs <= nowMs;
      if (isDue && this.#leaders[feed.partition] === undefined) this.#failed(feed, failure);
    }
    this.wake();
  }
}

/**
 * Of those that want more: one that is to be alone by itself, else one per partition. The lonely ones
 * come first, because the others may fill all lanes without end; after a failure they pause.
 */
function together(feeds: readonly PartitionFeed[]): PartitionFeed[] {
  const lonely = feeds.find((feed) => feed.isAlone);
  if (lonely !== undefined) return [lonely];
  const byPartition = new Map<number, PartitionFeed>();
  for (const feed of feeds) {
    if (!byPartition.has(feed.partition)) byPartition.set(feed.partition, feed);
  }
  return [...byPartition.values()];
}
