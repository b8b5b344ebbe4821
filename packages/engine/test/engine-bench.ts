import {
  encodeScheduleRecord,
  encodeUtf8,
  formatTaskKey,
  type HandlerTask,
  partitionOf,
  SeededRandom,
  type TaskContext,
  type TaskHandler,
  type TaskKey,
  type TaskOptions,
  type TaskRow,
} from "@horae/core";
import {
  EventRecorder,
  FakeClock,
  MemoryLeaseStore,
  MemoryLog,
  MemoryStore,
  SILENT_LOGGER,
} from "@horae/testkit";
import { Engine, type EngineSettings } from "../src/index.ts";
import { Life } from "./killable.ts";

export interface Start {
  readonly key: string;
  readonly orderingId: string;
  readonly data: unknown;
  readonly attempt: number;
  readonly epoch: number;
  readonly fence: number;
  readonly atMs: number;
  readonly node: string;
}

export const BUCKET_MS = 60_000;

/** The auditor reads what tests count and hold; those that are about it switch it on. */
const NEVER_MS = 1e12;

/** A cluster in memory on a fake clock: one log, one store, any number of engines. */
export class EngineBench {
  readonly clock = new FakeClock();
  readonly random = new SeededRandom(7);
  readonly events = new EventRecorder();
  readonly partitions: number;
  readonly log: MemoryLog;
  readonly store = new MemoryStore();
  readonly leases = new MemoryLeaseStore({ clock: this.clock });
  readonly starts: Start[] = [];
  readonly handlers = new Map<string, TaskHandler>();
  readonly #engines: Engine[] = [];
  readonly #lives = new Map<Engine, Life>();

  constructor(options: { partitions?: number } = {}) {
    this.partitions = options.partitions ?? 1;
    this.log = new MemoryLog({ clock: this.clock, partitions: this.partitions });
    this.handlers.set("t", () => undefined);
  }

  /** Lets `handle` see each start after it was recorded. */
  onTask(handle: (task: HandlerTask, context: TaskContext) => unknown, type = "t"): void {
    this.handlers.set(type, handle);
  }

  engine(settings: Partial<EngineSettings> = {}, name = `n${this.#engines.length}`): Engine {
    const life = new Life();
    const engine = new Engine({
      name,
      url: null,
      queue: { name: "q", partitions: this.partitions, bucketMs: BUCKET_MS },
      log: life.port(this.log),
      store: life.port(this.store),
      leases: life.port(this.leases),
      clock: life.clock(this.clock),
      random: this.random,
      telemetry: this.events,
      logger: SILENT_LOGGER,
      handlers: {
        get: (type) => {
          const handler = this.handlers.get(type);
          return handler && ((task, context) => this.#run(handler, { task, context, name, life }));
        },
      },
      settings: { auditEveryMs: NEVER_MS, ...settings },
    });
    this.#engines.push(engine);
    this.#lives.set(engine, life);
    return engine;
  }

  /** kill -9. */
  kill(engine: Engine): void {
    this.#lives.get(engine)!.kill();
    this.#engines.splice(this.#engines.indexOf(engine), 1);
  }

  async schedule(
    key: Partial<TaskKey> & { atMs?: number },
    fields: { data?: unknown; options?: TaskOptions; type?: string } = {},
  ): Promise<TaskKey> {
    const full = {
      scheduledTimeMs: key.scheduledTimeMs ?? this.clock.nowMs() + (key.atMs ?? 0),
      orderingId: key.orderingId ?? "a",
      uniquenessKey: key.uniquenessKey ?? "u",
    };
    const value = encodeScheduleRecord({
      key: full,
      type: fields.type ?? "t",
      dataJson: JSON.stringify(fields.data ?? null),
      options: fields.options ?? {},
    });
    const partition = partitionOf(full.orderingId, this.partitions);
    await this.log.append({ partition, key: encodeUtf8(full.orderingId), value, headers: {} });
    return full;
  }

  /** Lets time pass until so many attempts have started. */
  async untilStarts(count: number, limitMs = 60_000): Promise<void> {
    await this.clock.advanceUntil(() => this.starts.length >= count, limitMs);
  }

  /** Lets time pass until so many tasks are finished in the store. */
  async untilFinished(count: number, limitMs = 600_000): Promise<void> {
    await this.clock.advanceUntil(() => this.finished().length >= count, limitMs);
  }

  rows(): TaskRow[] {
    return Array.from({ length: this.partitions }, (_, p) => this.store.allTasks(p)).flat();
  }

  row(key: TaskKey): TaskRow | undefined {
    return this.rows().find((row) => formatTaskKey(row.key) === formatTaskKey(key));
  }

  finished(): TaskRow[] {
    return this.rows().filter(({ status }) => status !== null && status.status !== "retrying");
  }

  /** Keys in the order of their starts. */
  startedKeys(): string[] {
    return this.starts.map(({ key }) => key.split("/").slice(1).join("/"));
  }

  /** The name of the node that holds the partition's lease. */
  async ownerOf(partition: number): Promise<string | undefined> {
    return (await this.leases.read(partition))?.owner?.split("#")[0];
  }

  /** Lets the time pass that it takes. */
  async stop(engines: readonly Engine[] = this.#engines): Promise<void> {
    const stopping = Promise.all(engines.map((engine) => engine.stop()));
    let isStopped = false;
    void stopping.then(() => {
      isStopped = true;
    });
    await this.clock.advanceUntil(() => isStopped, 120_000);
  }

  #run(
    handler: TaskHandler,
    run: { task: HandlerTask; context: TaskContext; name: string; life: Life },
  ): unknown {
    const { task, context, name, life } = run;
    this.starts.push({
      key: task.key,
      orderingId: task.orderingId,
      data: task.data,
      attempt: context.attempt,
      epoch: context.epoch,
      fence: context.fence,
      atMs: this.clock.nowMs(),
      node: name,
    });
    const result = handler(task, context);
    // A killed process hears nothing of its handlers any more.
    return result instanceof Promise ? life.port({ result: () => result }).result() : result;
  }
}
