import {
  type Clock,
  type GroupView,
  type HandlerLogger,
  type Lease,
  type LeaseStore,
  type Log,
  partitionOf,
  type QueueSettings,
  type Random,
  type TaskHandlers,
  type TaskKey,
  taskKeyToken,
  type TaskStore,
  type Telemetry,
} from "@horae/core";
import { Executor } from "./executor.ts";
import { GroupLink } from "./group-link.ts";
import { LeaseAnswers } from "./lease-answers.ts";
import { LeaseWatch } from "./lease-watch.ts";
import { Partition } from "./partition.ts";
import { type EngineSettings, resolveEngineSettings } from "./settings.ts";

export interface EngineOptions {
  /** Name of the node; a token is added, so that it is unique per start. */
  readonly name: string;
  /** Where the node can be asked; null when nowhere. */
  readonly url: string | null;
  readonly queue: QueueSettings & { readonly name: string };
  readonly log: Log;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly handlers: TaskHandlers;
  readonly logger: HandlerLogger;
  readonly settings?: Partial<EngineSettings>;
}

export interface EngineState {
  /** Null before the group has answered. */
  readonly group: GroupView | null;
  readonly workingPartitions: readonly number[];
}

const NO_VIEW: Omit<GroupView, "state"> = { partitions: [], watched: [] };

/**
 * The engine of one node for one queue: joins the log's group and runs the partitions that the
 * group gives to it, as far as it gets their leases. Beside them it watches some leases of others, and
 * adopts those that expire. All partitions share the executor's slots.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #settings: EngineSettings;
  readonly #owner: string;
  readonly #executor: Executor;
  readonly #partitions = new Map<number, Partition>();
  readonly #leases: LeaseAnswers;
  readonly #link: GroupLink;
  readonly #watch: LeaseWatch;
  #view: GroupView | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#settings = resolveEngineSettings(options.settings);
    this.#owner = `${options.name}#${options.random.token()}`;
    const { concurrency, runawaysMax } = this.#settings;
    this.#executor = new Executor(concurrency, {
      most: runawaysMax,
      onReached: () => options.telemetry.emit({ type: "runawaysReached", runaways: runawaysMax }),
    });
    const { clock, random, telemetry, log } = options;
    this.#leases = new LeaseAnswers(options.leases, clock);
    const common = {
      periodMs: this.#settings.leasePeriodMs,
      clock,
      telemetry,
      leases: this.#leases,
    };
    this.#link = new GroupLink({
      ...common,
      log,
      onView: (view) => this.#onView(view),
      onLeft: () => this.#onView({ ...(this.#view ?? NO_VIEW), state: "lost" }),
    });
    this.#watch = new LeaseWatch({
      ...common,
      random,
      onExpired: (partition, row) => this.#adopt(partition, row),
    });
  }

  /** Partitions whose lease this node holds. */
  get ownedPartitions(): readonly number[] {
    return [...this.#partitions]
      .filter(([, partition]) => partition.isOwned)
      .map(([number]) => number)
      .toSorted((a, b) => a - b);
  }

  /** What the group says, and which partitions run: owned, loaded, under a lease that is in force. */
  get state(): EngineState {
    const working = [...this.#partitions].filter(([, partition]) => partition.isWorking);
    const workingPartitions = working.map(([number]) => number).toSorted((a, b) => a - b);
    return { group: this.#view, workingPartitions };
  }

  /** Attempts that are claimed or running. */
  get usedSlots(): number {
    return this.#executor.usedSlots;
  }

  /** Is an attempt of this task under way on this node? */
  isRunning(key: TaskKey): boolean {
    const number = partitionOf(key.orderingId, this.#options.queue.partitions);
    return this.#partitions.get(number)?.isRunning(taskKeyToken(key)) ?? false;
  }

  /** Resolves when the group has been joined; partitions are acquired from then on. */
  start(): Promise<void> {
    this.#starting ??= this.#link.start();
    return this.#starting;
  }

  /**
   * Leaves the group, goes on until the partitions' next owners ask for them, drains, and releases every
   * lease. Resolves when nothing runs any more.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    return this.#stopping;
  }

  async #leave(): Promise<void> {
    // A start under way first; one that failed has joined nothing.
    await this.#starting?.catch(() => undefined);
    this.#watch.stop();
    await this.#link.stop();
    const isHandedOver = this.#hasOthers();
    await Promise.all(
      [...this.#partitions.values()].map((partition) =>
        isHandedOver ? partition.handOver() : partition.stop(),
      ),
    );
  }

  /** Are there members that the group gives this node's partitions to? One without any shows in no view. */
  #hasOthers(): boolean {
    const view = this.#view;
    if (view === null || view.state === "lost") return false;
    return view.partitions.length < this.#options.queue.partitions;
  }

  #onView(view: GroupView): void {
    const { partitions, watched, state } = view;
    this.#view = view;
    this.#options.telemetry.emit({ type: "groupChanged", state, partitions });
    if (state === "lost") this.#loseGroup();
    if (state !== "settled" || this.#stopping !== null) return;
    this.#watch.watch(watched);
    for (const [number, partition] of this.#partitions) {
      partition.assign(partitions.includes(number));
      if (partition.isStopped) this.#partitions.delete(number);
    }
    for (const number of partitions) {
      if (!this.#partitions.has(number)) this.#startPartition(number, null);
    }
  }

  /** Everything goes on without it. */
  #loseGroup(): void {
    for (const partition of this.#partitions.values()) partition.loseGroup();
  }

  #adopt(number: number, row: Lease): void {
    if (this.#stopping !== null) return;
    if (this.#partitions.get(number)?.isStopped === true) this.#partitions.delete(number);
    if (!this.#partitions.has(number)) this.#startPartition(number, row);
  }

  #startPartition(number: number, adopts: Lease | null): void {
    const { url, queue } = this.#options;
    const holder = { owner: this.#owner, ownerUrl: url, periodMs: this.#settings.leasePeriodMs };
    const partition = new Partition({
      ...this.#options,
      leases: this.#leases,
      adopts,
      partition: number,
      partitions: queue.partitions,
      bucketMs: queue.bucketMs,
      holder,
      settings: this.#settings,
      executor: this.#executor,
    });
    this.#partitions.set(number, partition);
    partition.start();
  }
}
