import {
  type Clock,
  type GroupMembership,
  type GroupView,
  type HandlerLogger,
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

/**
 * The engine of one node for one queue: joins the log's group and runs the partitions that the
 * group gives to it, as far as it gets their leases. All of them share the executor's slots.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #settings: EngineSettings;
  readonly #owner: string;
  readonly #executor: Executor;
  readonly #partitions = new Map<number, Partition>();
  #membership: GroupMembership | null = null;
  #view: GroupView | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#settings = resolveEngineSettings(options.settings);
    this.#owner = `${options.name}#${options.random.token()}`;
    this.#executor = new Executor(this.#settings.concurrency);
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
    this.#starting ??= this.#join();
    return this.#starting;
  }

  /** Leaves the group, drains, and releases every lease. Resolves when nothing runs any more. */
  stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    return this.#stopping;
  }

  async #join(): Promise<void> {
    const membership = await this.#options.log.join((view) => this.#onView(view));
    this.#membership = membership;
  }

  async #leave(): Promise<void> {
    // A start under way first; one that failed has joined nothing.
    await this.#starting?.catch(() => undefined);
    await this.#membership?.leave();
    await Promise.all([...this.#partitions.values()].map((partition) => partition.stop()));
  }

  #onView(view: GroupView): void {
    const { partitions, state } = view;
    this.#view = view;
    this.#options.telemetry.emit({ type: "groupChanged", state, partitions });
    if (state === "lost") for (const partition of this.#partitions.values()) partition.loseGroup();
    if (state !== "settled" || this.#stopping !== null) return;
    for (const [number, partition] of this.#partitions) {
      partition.assign(partitions.includes(number));
      if (partition.isStopped) this.#partitions.delete(number);
    }
    for (const number of partitions) {
      if (!this.#partitions.has(number)) this.#startPartition(number);
    }
  }

  #startPartition(number: number): void {
    const { url, queue } = this.#options;
    const holder = { owner: this.#owner, ownerUrl: url, periodMs: this.#settings.leasePeriodMs };
    const partition = new Partition({
      ...this.#options,
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
