import {
  formatTaskKey,
  HoraeError,
  partitionOf,
  SeededRandom,
  type TaskKey,
  type TaskRow,
} from "@horae/core";
import type { Intercept } from "@horae/testkit";
import type { Engine, EngineSettings } from "../src/index.ts";
import { EngineBench, type Start } from "./engine-bench.ts";

/** Small limits, so that lanes overflow, memory is full, and exceptions run out. */
const TIGHT: Partial<EngineSettings> = {
  concurrency: 6,
  loadedTasksMax: 24,
  laneTasksMax: 4,
  loadRowsMax: 8,
  startedKeysMax: 10,
  exceptionsMax: 2,
  claimMoveMs: 2_000,
  exceptionAfterMs: 3_000,
  lookAheadMs: 4_000,
  receiveRecordsMax: 20,
  drainMs: 2_000,
  abortGraceMs: 1_000,
};

const SEEDS = Number(process.env["HOSTILE_SEEDS"] ?? 40);
const FIRST_SEED = Number(process.env["HOSTILE_FROM"] ?? 1);

/** One run: tasks of few ordering ids, a slow and lying store, and processes that are killed. */
class HostileRun {
  readonly bench = new EngineBench({ partitions: 2 });
  readonly random: SeededRandom;
  readonly scheduled = new Map<string, TaskKey>();
  readonly ended = new Map<string, string>();
  readonly faultShare: number;
  isCalm = false;
  #engines: Engine[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.faultShare = this.random.next() < 0.5 ? 0 : this.random.next() * 0.1;
    this.bench.store.intercept = this.#fault();
    this.bench.leases.intercept = this.#fault();
    this.bench.onTask((task, context) => this.#handle(task.key, context.attempt));
  }

  int(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  async run(): Promise<void> {
    this.#engines.push(this.bench.engine(TIGHT));
    for (const engine of this.#engines) await this.#start(engine);
    for (let step = 0; step < 30; step++) await this.#step();
    this.isCalm = true;
    if (this.#engines.length === 0) await this.#addEngine();
    const isDone = (): boolean => this.bench.finished().length >= this.scheduled.size;
    await this.bench.clock.advanceUntil(isDone, 3_600_000).catch((error: unknown) => {
      throw new Error(this.#describeStall(), { cause: error });
    });
  }

  /** What is unfinished, and what its partition did last. */
  #describeStall(): string {
    const isOpen = ({ status }: TaskRow): boolean =>
      status === null || status.status === "retrying";
    const rows = this.bench.rows().filter(isOpen);
    const persisted = new Set(this.bench.rows().map(({ key }) => formatTaskKey(key)));
    const missing = [...this.scheduled.keys()].filter((key) => !persisted.has(key));
    const partition = rows[0] && partitionOf(rows[0].key.orderingId, 2);
    const events = this.bench.events.events
      .filter((event) => !("partition" in event) || event.partition === partition)
      .filter(({ type }) => type !== "leaseRenewed")
      .slice(-30)
      .map((event) => `${event.type} ${"epoch" in event ? event.epoch : JSON.stringify(event)}`);
    const first = rows
      .slice(0, 4)
      .map(({ key, status }) => `${formatTaskKey(key)} ${JSON.stringify(status)}`);
    const head = `now ${this.bench.clock.nowMs()}, partition ${partition}`;
    return [head, ...missing, ...first, ...events].join("\n");
  }

  async #step(): Promise<void> {
    const dice = this.random.next();
    if (dice < 0.5) await this.#schedule(1 + this.int(12));
    else if (dice < 0.6 && this.#engines.length > 0) {
      this.bench.kill(this.#engines.splice(this.int(this.#engines.length), 1)[0]!);
    } else if (dice < 0.72 && this.#engines.length < 3) await this.#addEngine();
    else if (dice < 0.76 && this.#engines.length > 0) {
      void this.#engines.splice(this.int(this.#engines.length), 1)[0]!.stop();
    } else if (dice < 0.79) this.bench.clock.stepWall(this.int(20_000) - 10_000);
    await this.bench.clock.advance(this.int(this.int(4) === 0 ? 8_000 : 700));
  }

  async #addEngine(): Promise<void> {
    const engine = this.bench.engine(TIGHT, `n${this.bench.events.events.length}`);
    this.#engines.push(engine);
    await this.#start(engine);
  }

  async #start(engine: Engine): Promise<void> {
    await engine.start();
  }

  async #schedule(count: number): Promise<void> {
    for (let task = 0; task < count; task++) {
      const key = await this.bench.schedule(
        {
          atMs: this.int(4) === 0 ? this.int(30_000) : this.int(3_000) - 1_500,
          orderingId: `o${this.int(this.int(3) === 0 ? 1 : 8)}`,
          uniquenessKey: `u${this.int(1_000)}`,
        },
        {
          options: {
            maxAttempts: 1_000,
            onRetry: this.int(2) === 0 ? "skip" : "block",
            backoff: { initialMs: this.int(3) === 0 ? 9_000 : 300, maxMs: 10_000 },
          },
        },
      );
      this.scheduled.set(formatTaskKey(key), key);
      if (this.int(8) === 0) await this.bench.schedule(key, { options: { maxAttempts: 1_000 } });
    }
  }

  async #handle(key: string, attempt: number): Promise<void> {
    const delayMs = this.int(10) === 0 ? this.int(6_000) : this.int(30);
    await new Promise<void>((resolve) => this.bench.clock.setTimer(delayMs, resolve));
    if (attempt < 4 && this.int(4) === 0) throw new Error("once more");
    this.ended.set(key, "succeeded");
  }

  /** Delays; errors before and after the write. */
  #fault(): Intercept {
    return async ({ when }) => {
      const delayMs = this.int(this.int(20) === 0 ? 200 : 8);
      await new Promise<void>((resolve) => this.bench.clock.setTimer(delayMs, resolve));
      if (this.isCalm || this.random.next() >= this.faultShare) return;
      if (when === "before") throw new HoraeError("STORE_UNAVAILABLE", "not now");
      throw new HoraeError("STORE_UNKNOWN", "maybe", { certain: false });
    };
  }
}

function check(run: HostileRun): void {
  const { bench, scheduled } = run;
  const byLane = new Map<string, Start[]>();
  const byKey = new Map<string, Start[]>();
  for (const start of bench.starts) {
    byLane.set(start.orderingId, [...(byLane.get(start.orderingId) ?? []), start]);
    byKey.set(start.key, [...(byKey.get(start.key) ?? []), start]);
  }
  for (const [key, { scheduledTimeMs }] of scheduled) {
    const starts = byKey.get(key) ?? [];
    expect({ key, starts: starts.length }).not.toEqual({ key, starts: 0 }); // S1, L1
    // S16: attempt numbers strictly grow.
    const numbers = starts.map(({ attempt }) => attempt);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    for (const { atMs } of starts) expect(atMs).toBeGreaterThanOrEqual(scheduledTimeMs); // S20
  }
  for (const starts of byLane.values()) {
    // S12: fences strictly grow.
    const fences = starts.map(({ fence }) => fence);
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
  }
  expect(bench.starts.every(({ key }) => scheduled.has(key))).toBe(true); // S3
  expect(bench.events.of("unexpectedError")).toEqual([]);
}

describe("the engine under hostile schedules", () => {
  const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index);

  it.each(seeds)("loses nothing and keeps its promises (seed %i)", async (seed) => {
    const run = new HostileRun(seed);
    try {
      await run.run();
      check(run);
    } finally {
      run.isCalm = true;
      await run.bench.stop();
    }
  });
});
