import type { BucketSummary, DeadLetter, IndexedSummary, QueueSettings, SeededRandom } from "@horae/core";
import { ReplicatedBucket } from "./replicated-bucket.ts";
import { ReplicatedCell } from "./replicated-cell.ts";
import { ReplicatedJournal } from "./replicated-journal.ts";
import type { World } from "./world.ts";

/** Share of the hints for a replica that is down that get lost. */
const HINT_LOST_SHARE = 0.1;
const HINT_DELAY_MS = 20_000;

/** The rows of one partition on all replicas. */
export class ReplicatedPartition {
  readonly #replicas: number;
  readonly buckets = new Map<number, ReplicatedBucket>();
  readonly journal: ReplicatedJournal;
  readonly #summaries = new Map<number, ReplicatedCell<BucketSummary | null>>();
  readonly letters = new Map<string, ReplicatedCell<DeadLetter>>();

  constructor(replicas: number) {
    this.#replicas = replicas;
    this.journal = new ReplicatedJournal(replicas);
  }

  bucket(number: number): ReplicatedBucket {
    let bucket = this.buckets.get(number);
    if (bucket === undefined) {
      bucket = new ReplicatedBucket(this.#replicas);
      this.buckets.set(number, bucket);
    }
    return bucket;
  }

  /** null as value is a deleted summary. */
  summary(bucket: number): ReplicatedCell<BucketSummary | null> {
    let summary = this.#summaries.get(bucket);
    if (summary === undefined) {
      summary = new ReplicatedCell(this.#replicas);
      this.#summaries.set(bucket, summary);
    }
    return summary;
  }

  /** Summaries in bucket order; `isRepairing`: what is found is written back. */
  summaries(replicas: readonly number[], isRepairing: boolean): IndexedSummary[] {
    const found: IndexedSummary[] = [];
    for (const [bucket, cell] of this.#summaries) {
      const summary = (isRepairing ? cell.repaired(replicas) : cell.newest(replicas))?.value;
      if (summary != null) found.push({ bucket, summary });
    }
    return found.toSorted((a, b) => a.bucket - b.bucket);
  }

  letter(name: string): ReplicatedCell<DeadLetter> {
    let letter = this.letters.get(name);
    if (letter === undefined) {
      letter = new ReplicatedCell(this.#replicas);
      this.letters.set(name, letter);
    }
    return letter;
  }
}

/** The servers of the store: replicas that are up or down, what they have, and hints for those that are down. */
export class StoreCluster {
  readonly replicas: number;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #up: boolean[];
  readonly #hints: (() => void)[][];
  readonly #partitions = new Map<number, ReplicatedPartition>();
  settings: QueueSettings | null = null;

  constructor(world: World, replicas: number) {
    this.#world = world;
    this.#random = world.stream();
    this.replicas = replicas;
    this.#up = Array.from({ length: replicas }, () => true);
    this.#hints = Array.from({ length: replicas }, () => []);
  }

  get quorum(): number {
    return (this.replicas >> 1) + 1;
  }

  get hasQuorum(): boolean {
    return this.#up.filter(Boolean).length >= this.quorum;
  }

  /** Every set of replicas that a read may ask. */
  get quorums(): readonly (readonly number[])[] {
    return this.replicas === 1
      ? [[0]]
      : [
          [0, 1],
          [1, 2],
          [0, 2],
        ];
  }

  get all(): readonly number[] {
    return this.#up.map((_, replica) => replica);
  }

  partition(number: number): ReplicatedPartition {
    let partition = this.#partitions.get(number);
    if (partition === undefined) {
      partition = new ReplicatedPartition(this.replicas);
      this.#partitions.set(number, partition);
    }
    return partition;
  }

  isUp(replica: number): boolean {
    return this.#up[replica]!;
  }

  takeDown(replica: number): void {
    this.#up[replica] = false;
  }

  bringUp(replica: number): void {
    this.#up[replica] = true;
    for (const hint of this.#hints[replica]!.splice(0)) {
      if (this.#random.next() < HINT_LOST_SHARE) continue;
      this.#world.after(this.#random.next() * HINT_DELAY_MS, hint);
    }
  }

  /** A write reaches a replica, or waits for it to come back. */
  deliver(replica: number, apply: () => void): void {
    if (this.#up[replica]!) apply();
    else this.#hints[replica]!.push(apply);
  }

  /** The replicas that a quorum read asks: as many as it needs of those that are up. */
  drawQuorum(): readonly number[] {
    const up = this.all.filter((replica) => this.#up[replica]);
    while (up.length > this.quorum) up.splice(Math.floor(this.#random.next() * up.length), 1);
    return up;
  }
}
