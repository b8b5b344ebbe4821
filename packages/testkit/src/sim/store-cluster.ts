import type {
  BucketSummary,
  DeadLetter,
  IndexedSummary,
  QueueSettings,
  SeededRandom,
} from "@horae/core";
import { getOrMake } from "../get-or-make.ts";
import { ReplicatedBucket } from "./replicated-bucket.ts";
import { ReplicatedCell } from "./replicated-cell.ts";
import { ReplicatedJournal } from "./replicated-journal.ts";
import type { World } from "./world.ts";

/** Share of the hints for a replica that is down that get lost. */
const HINT_LOST_SHARE = 0.1;
const HINT_DELAY_MS = 20_000;

const PAIRS = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/** The rows of one partition on all replicas. */
export class ReplicatedPartition {
  readonly #replicas: number;
  readonly buckets = new Map<number, ReplicatedBucket>();
  readonly journal: ReplicatedJournal;
  readonly #summaries = new Map<number, ReplicatedCell<BucketSummary | null>>();
  #bucketsInOrder: number[] | null = null;
  readonly letters = new Map<string, ReplicatedCell<DeadLetter>>();

  constructor(replicas: number) {
    this.#replicas = replicas;
    this.journal = new ReplicatedJournal(replicas);
  }

  bucket(number: number): ReplicatedBucket {
    return getOrMake(this.buckets, number, () => new ReplicatedBucket(this.#replicas));
  }

  /** null as value is a deleted summary. */
  summary(bucket: number): ReplicatedCell<BucketSummary | null> {
    return getOrMake(this.#summaries, bucket, () => {
      this.#bucketsInOrder = null;
      return new ReplicatedCell(this.#replicas);
    });
  }

  /** A quorum read of the summaries from `fromBucket` to `toBucket`, in order. */
  summaries(
    range: { fromBucket: number; toBucket: number | null; rowsMax: number },
    replicas: readonly number[],
  ): IndexedSummary[] {
    const { fromBucket, toBucket, rowsMax } = range;
    this.#bucketsInOrder ??= [...this.#summaries.keys()].toSorted((a, b) => a - b);
    const found: IndexedSummary[] = [];
    for (const bucket of this.#bucketsInOrder) {
      if (bucket < fromBucket) continue;
      if ((toBucket !== null && bucket > toBucket) || found.length >= rowsMax) break;
      const summary = this.#summaries.get(bucket)!.repaired(replicas)?.value;
      if (summary != null) found.push({ bucket, summary });
    }
    return found;
  }

  letter(name: string): ReplicatedCell<DeadLetter> {
    return getOrMake(this.letters, name, () => new ReplicatedCell(this.#replicas));
  }
}

/** The servers of the store: replicas that are up or down, what they have, and hints for those that are down. */
export class StoreCluster {
  readonly replicas: number;
  readonly quorum: number;
  readonly all: readonly number[];
  /** Every set of replicas that a read may ask. */
  readonly quorums: readonly (readonly number[])[];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #up: boolean[];
  #upCount: number;
  readonly #hints: (() => void)[][];
  readonly #partitions = new Map<number, ReplicatedPartition>();
  settings: QueueSettings | null = null;

  constructor(world: World, replicas: number) {
    this.#world = world;
    this.#random = world.stream();
    this.replicas = replicas;
    this.quorum = (replicas >> 1) + 1;
    this.quorums = replicas === 1 ? [[0]] : PAIRS;
    this.#up = Array.from({ length: replicas }, () => true);
    this.#upCount = replicas;
    this.all = this.#up.map((_, replica) => replica);
    this.#hints = Array.from({ length: replicas }, () => []);
  }

  get hasQuorum(): boolean {
    return this.#upCount >= this.quorum;
  }

  get upCount(): number {
    return this.#upCount;
  }

  partition(number: number): ReplicatedPartition {
    return getOrMake(this.#partitions, number, () => new ReplicatedPartition(this.replicas));
  }

  isUp(replica: number): boolean {
    return this.#up[replica]!;
  }

  takeDown(replica: number): void {
    if (!this.#up[replica]!) return;
    this.#up[replica] = false;
    this.#upCount--;
  }

  bringUp(replica: number): void {
    if (this.#up[replica]!) return;
    this.#up[replica] = true;
    this.#upCount++;
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
    const possible =
      this.#upCount === this.replicas
        ? this.quorums
        : this.quorums.filter((quorum) => quorum.every((replica) => this.#up[replica]));
    return possible[Math.floor(this.#random.next() * possible.length)]!;
  }
}
