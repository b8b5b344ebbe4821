import { hostname } from "node:os";
import { Client, systemClock, systemRandom } from "@horae/client";
import type { Clock, HoraeEvent, Random, TaskHandlers, TaskKey, Telemetry } from "@horae/core";
import { HoraeError } from "@horae/core";
import { Engine } from "@horae/engine";
import { appenderOf } from "./appender.ts";
import type { Adapters } from "./compose/adapters.ts";
import { openAdapters } from "./compose/adapters.ts";
import { readConfig } from "./config/read-config.ts";
import type { NodeConfig } from "./config/settings-table.ts";
import { toTaskHandlers } from "./handlers/handler-table.ts";
import { catchLeaks } from "./handlers/leaks.ts";
import { loadHandlers } from "./handlers/load-handlers.ts";
import { ReloadingHandlers } from "./handlers/reloading-handlers.ts";
import type { ReadinessSource } from "./http/readiness.ts";
import { startHttp } from "./http/server.ts";
import type { TaskBackend } from "./http/task-routes.ts";
import type { NodeOptions } from "./node-options.ts";
import { Rollback } from "./rollback.ts";
import { createLogger } from "./telemetry/create-logger.ts";
import type { LevelLogger } from "./telemetry/log-telemetry.ts";
import { LogTelemetry, teeTelemetry } from "./telemetry/log-telemetry.ts";
import { Watchdog } from "./watchdog/watchdog.ts";

const BLOCKED_MIN_MS = 10_000;

/**
 * Makes a node. Throws `SETTINGS_INVALID` for a configuration that cannot work, and does nothing
 * else before `start()`. It installs no signal handlers: whoever owns the process calls `stop()`.
 */
export function createNode<Types extends object = Record<string, unknown>>(
  options: NodeOptions<Types>,
): HoraeNode {
  return new HoraeNode(options as unknown as NodeOptions);
}

/**
 * A node: runs the tasks of its queue, together with the other nodes of that queue, in this process
 * or in others. `start()` once, `stop()` once; a stopped node is not started again.
 */
export class HoraeNode {
  readonly #options: NodeOptions;
  readonly #config: NodeConfig;
  readonly #name: string;
  readonly #logger: LevelLogger;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #telemetry: Telemetry;
  readonly #watchdog: Watchdog | null;
  /**
   * Resolves when the node cannot go on, and should be stopped and its process ended: so many handlers
   * that were given up still run that what is left of the process is not worth much.
   */
  readonly failed: Promise<HoraeError>;
  #fail: (error: HoraeError) => void = () => undefined;
  /** Ends a start that waits for its servers. */
  readonly #abort = new AbortController();
  /** What has been started, to be undone in reverse order. */
  readonly #running = new Rollback();
  #engine: Engine | null = null;
  #backend: TaskBackend | null = null;
  #readiness: ReadinessSource | null = null;
  #url: string | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: NodeOptions) {
    const { config, warnings } = readConfig(options.config, options.environment ?? process.env);
    const { logging, node, queue } = config;
    this.#options = options;
    this.#config = config;
    this.#name = node.name ?? hostname();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger =
      options.logger ?? createLogger({ level: logging.level, node: this.#name, queue: queue.name });
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#watchdog = watchdogOf(config, { node: this.#name, logger: this.#logger });
    const log = new LogTelemetry(this.#logger, this.#clock);
    const runaways: Telemetry = { emit: (event) => this.#onEvent(event) };
    const telemetries = [log, options.telemetry, runaways, this.#watchdog].filter(
      (one) => one != null,
    );
    this.#telemetry = teeTelemetry(telemetries, (error) => {
      this.#logger.error({ err: error }, "telemetry failed");
    });
    for (const warning of warnings) this.#logger.warn({}, warning);
  }

  get queue(): NodeConfig["queue"] {
    return this.#config.queue;
  }

  /** Where the HTTP interface listens; null before the start and without one. */
  get url(): string | null {
    return this.#url;
  }

  /** The directory that holds log and store; null when they are elsewhere. */
  get directory(): string | null {
    return this.#config.embedded?.dir ?? null;
  }

  /** Partitions that this node owns now. */
  get ownedPartitions(): readonly number[] {
    return this.#engine?.ownedPartitions ?? [];
  }

  /**
   * Resolves when the node takes part: tasks run as soon as it owns their partition. Waits for Kafka
   * and Cassandra, and for `horae migrate`, as long as it takes, and reports what it waits for.
   * Rejects with a HoraeError, and then nothing is left running: `SETTINGS_INVALID`,
   * `DIRECTORY_IN_USE`, `QUEUE_SETTINGS_MISMATCH`, and `STORE_UNAVAILABLE` or `LOG_UNAVAILABLE` of a
   * directory, or when `stop()` came before the servers.
   */
  start(): Promise<void> {
    if (this.#stopping !== null) {
      return Promise.reject(new HoraeError("SETTINGS_INVALID", "a stopped node cannot be started"));
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Drains: starts nothing new, lets running handlers finish up to the drain limit, aborts the rest,
   * releases the partitions and closes everything. Rejects with an AggregateError when some of it
   * failed; the rest is stopped all the same.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#abort.abort();
    // A start under way first; one that failed has undone itself.
    await this.#starting?.catch(() => undefined);
    await this.#running.undoAll();
  }

  async #start(): Promise<void> {
    try {
      const handlers = await this.#handlers();
      this.#watch();
      await this.#listen();
      const adapters = await this.#open();
      if (this.#url !== null) await adapters.announce(this.#url);
      await this.#startEngine(adapters, handlers);
    } catch (error) {
      // The reason of the failure counts, not what else goes wrong on the way back.
      await this.#running.undoAll().catch(() => undefined);
      throw error;
    }
  }

  #onEvent(event: HoraeEvent): void {
    if (event.type !== "runawaysReached") return;
    const message = `${event.runaways} handlers that were given up still run`;
    this.#fail(new HoraeError("RUNAWAYS_MAX", message));
  }

  #watch(): void {
    const watchdog = this.#watchdog;
    if (watchdog === null) return;
    this.#running.add(() => watchdog.stop());
    watchdog.start();
  }

  async #handlers(): Promise<TaskHandlers> {
    const { handlers } = this.#options;
    if (handlers instanceof ReloadingHandlers) return handlers;
    if (typeof handlers !== "string") return toTaskHandlers(handlers, "handlers");
    return toTaskHandlers(await loadHandlers(handlers), handlers);
  }

  /**
   * First of all: who supervises the node must see that it lives, however long it waits. And the
   * owner of a lease says in it where it can be asked.
   */
  async #listen(): Promise<void> {
    const { http, queue } = this.#config;
    if (http === null) return;
    const server = await startHttp({
      ...http,
      queueName: queue.name,
      backend: () => this.#backend,
      readiness: () => this.#readiness,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
    });
    this.#running.add(() => server.close());
    this.#url = server.url;
  }

  async #open(): Promise<Adapters> {
    const { queue } = this.#config;
    const ports = { clock: this.#clock, random: this.#random };
    const adapters = await openAdapters(this.#config, {
      ...ports,
      name: this.#name,
      telemetry: this.#telemetry,
      logger: this.#logger,
      signal: this.#abort.signal,
    });
    this.#running.add(() => adapters.close());
    const { clientSettings: settings, log, quarantine, store } = adapters;
    const client = new Client({ ...ports, appender: appenderOf(log), settings });
    this.#running.add(() => client.close());
    const isRunning = (key: TaskKey): boolean => this.#engine?.isRunning(key) ?? false;
    this.#backend = { client, tasks: { store, queue, isRunning }, quarantine };
    return adapters;
  }

  async #startEngine(adapters: Adapters, handlers: TaskHandlers): Promise<void> {
    const { lease, executor, kafka, queue, retention } = this.#config;
    const logger = this.#logger;
    const leaks = catchLeaks(handlers, (reason, key) => {
      logger.error({ err: reason, key }, "a handler left a promise behind that was rejected");
    });
    this.#running.add(() => leaks.stop());
    const engine = new Engine({
      name: this.#name,
      url: this.#url,
      queue,
      log: adapters.log,
      store: adapters.store,
      leases: adapters.leases,
      clock: this.#clock,
      random: this.#random,
      telemetry: this.#telemetry,
      handlers: leaks.handlers,
      logger,
      settings: {
        ...this.#options.engine,
        leasePeriodMs: lease.periodMs,
        concurrency: executor.concurrency,
        retentionMs: retention.finishedMs,
        ...(kafka !== null && { onLogGap: kafka.onLogGap }),
      },
    });
    this.#engine = engine;
    this.#running.add(() => engine.stop());
    await engine.start();
    this.#readiness = {
      log: adapters.log,
      store: adapters.store,
      disk: () => adapters.disk(),
      state: () => engine.state,
    };
  }
}

function watchdogOf(
  { watchdog, lease, queue }: NodeConfig,
  { node, logger }: { node: string; logger: LevelLogger },
): Watchdog | null {
  if (!watchdog.enabled) return null;
  return new Watchdog({
    blockedMs: watchdog.blockedMs ?? Math.max(3 * lease.periodMs, BLOCKED_MIN_MS),
    base: { node, queue: queue.name },
    onError: (error) => logger.error({ err: error }, "the watchdog failed"),
  });
}
