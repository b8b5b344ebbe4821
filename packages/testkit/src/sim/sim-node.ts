import type { HoraeEvent } from "@horae/core";
import { Engine } from "@horae/engine";
import { SILENT_LOGGER } from "../silent-logger.ts";
import type { SimHost } from "./exchange.ts";
import type { Plan } from "./plan.ts";
import { clockOf } from "./sim-clock.ts";
import type { SimCluster } from "./sim-cluster.ts";
import { simHandlers } from "./sim-handlers.ts";
import { SimLeases } from "./sim-leases.ts";
import { SimLog } from "./sim-log.ts";
import { SimProcess } from "./sim-process.ts";
import { SimStore } from "./sim-store.ts";

/** One host and the processes that run on it, one after the other. */
export class SimNode {
  readonly host: SimHost;
  readonly index: number;
  readonly #cluster: SimCluster;
  readonly #plan: Plan;
  #starts = 0;
  #process: SimProcess | null = null;
  #engine: Engine | null = null;

  constructor(cluster: SimCluster, host: SimHost, index: number) {
    this.#cluster = cluster;
    this.#plan = cluster.plan;
    this.host = host;
    this.index = index;
  }

  /** The process that runs here; null while there is none. */
  get process(): SimProcess | null {
    return this.#process;
  }

  /** For the windows of faults. */
  get names(): readonly string[] {
    return this.#process === null ? [] : [this.#process.name];
  }

  start(): void {
    if (this.#process !== null) return;
    const { world, recorder } = this.#cluster;
    const process = new SimProcess(world, `${this.host.name}.${this.#starts++}`);
    this.#process = process;
    recorder.add({ line: "boot", node: process.name });
    this.#engine = this.#makeEngine(process);
    this.#engine.start().catch((error: unknown) => this.#cluster.watch.fail(error));
  }

  setClockRight(): void {
    this.host.clock.setRight();
    this.#cluster.recorder.fault("clock set right", this.names)();
  }

  /** kill -9; starts again after the time. */
  kill(downMs: number): void {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    this.#engine = null;
    process.kill();
    const { world, recorder, log } = this.#cluster;
    recorder.add({ line: "death", node: process.name });
    log.group.noteReachability();
    world.after(downMs, () => this.start());
  }

  /** SIGTERM: drains and releases; then starts again. */
  restart(downMs: number): void {
    const process = this.#process;
    const engine = this.#engine;
    if (process === null || engine === null) return;
    const { watch, world, recorder } = this.#cluster;
    engine.stop().then(
      () => {
        if (this.#process !== process) return;
        this.#process = null;
        this.#engine = null;
        recorder.add({ line: "exit", node: process.name });
        process.kill();
        world.after(downMs, () => this.start());
      },
      (error: unknown) => watch.fail(error),
    );
  }

  #makeEngine(process: SimProcess): Engine {
    const { world, recorder, traffic, registers, log, watch } = this.#cluster;
    const { partitions, bucketMs, settings, attempts } = this.#plan;
    const { host } = this;
    return new Engine({
      name: process.name,
      url: null,
      queue: { name: "q", partitions, bucketMs },
      log: new SimLog({ cluster: log, host, process }),
      store: new SimStore({ traffic, host, process, watcher: watch }),
      leases: new SimLeases({ traffic, registers, host, process }),
      clock: clockOf(world, host.clock, process),
      random: world.stream(),
      telemetry: { emit: (event) => this.#onEvent(process, event) },
      logger: SILENT_LOGGER,
      handlers: simHandlers({
        world,
        process,
        clock: host.clock,
        recorder,
        attempts,
        onStart: (start) => watch.onStart(start),
        onKill: () => this.kill(1_000),
      }),
      settings,
    });
  }

  #onEvent(process: SimProcess, event: HoraeEvent): void {
    if (process.isOver) return;
    const { watch, recorder, world } = this.#cluster;
    if (event.type === "attemptRanAway") {
      const { key, attempt } = event;
      recorder.add({ line: "end", node: process.name, key, attempt, outcome: "ranAway" });
    }
    world.note(process.name, () =>
      JSON.stringify(event, (_, value: unknown) =>
        value instanceof Error ? String(value.stack) : value,
      ),
    );
    watch.onEvent(process, event);
  }
}
