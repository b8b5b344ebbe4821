import type { ScheduleOutcome, TaskInput } from "@horae/client";
import { systemClock } from "@horae/client";
import { formatTaskKey, SeededRandom, sleep, type TaskKey } from "@horae/core";
import type { HistoryLine } from "@horae/testkit/checker";
import { monotonicMs } from "../cluster/monotonic.ts";

export interface LoadShape {
  readonly tasks: number;
  readonly ids: number;
  /** Scheduled over this time, milliseconds. */
  readonly overMs: number;
  /** Ahead of the moment at which they are scheduled, at the most. */
  readonly aheadMaxMs: number;
  readonly maxAttempts: number;
}

const CHUNK = 20;

/** What a load asks: a client, or a node. */
export interface Scheduler {
  scheduleTasks(tasks: readonly TaskInput[]): Promise<readonly ScheduleOutcome[]>;
}

/** A share of slow handlers and one of handlers that fail first. */
const SLOW_SHARE = 0.03;
const SLOW_MS = 700;
const FAILING_SHARE = 0.05;

/** What clients ask for while faults happen, and what they are told. */
export class Load {
  readonly lines: HistoryLine[] = [];
  /** Keys of tasks that were acked, as text. */
  readonly acked = new Set<string>();
  readonly #client: Scheduler;
  readonly #shape: LoadShape;
  readonly #random: SeededRandom;
  #calls = 0;

  constructor(client: Scheduler, shape: LoadShape, seed = 1) {
    this.#client = client;
    this.#shape = shape;
    this.#random = new SeededRandom(seed);
  }

  /** Resolves when every call has been answered. Calls are made at their pace, whatever becomes of others. */
  async run(): Promise<void> {
    const { tasks, overMs } = this.#shape;
    const chunks = Math.ceil(tasks / CHUNK);
    const startedMs = monotonicMs();
    const calls: Promise<void>[] = [];
    for (let chunk = 0; chunk < chunks; chunk++) {
      const dueMs = startedMs + (chunk * overMs) / chunks;
      await sleep(systemClock, Math.max(0, dueMs - monotonicMs()));
      const count = Math.min(CHUNK, tasks - chunk * CHUNK);
      calls.push(this.#schedule(Array.from({ length: count }, (_, at) => chunk * CHUNK + at)));
    }
    await Promise.all(calls);
  }

  async #schedule(numbers: readonly number[]): Promise<void> {
    const { maxAttempts } = this.#shape;
    const keys = numbers.map((number) => this.#keyOf(number));
    const tasks = keys.map((key) => ({
      type: "work",
      orderingId: key.orderingId,
      uniquenessKey: key.uniquenessKey,
      scheduledTime: key.scheduledTimeMs,
      data: this.#work(),
      options: { maxAttempts, backoff: { initialMs: 50, maxMs: 500 } },
    }));
    await this.schedule(tasks, keys);
  }

  /** Schedules, and notes what was asked and answered. `keys`: those of the tasks. */
  async schedule(tasks: readonly TaskInput[], keys: readonly TaskKey[]): Promise<void> {
    const { maxAttempts } = this.#shape;
    const first = this.#calls;
    this.#calls += keys.length;
    for (const [at, key] of keys.entries()) {
      this.lines.push({ line: "ask", atMs: monotonicMs(), call: first + at, key, maxAttempts });
    }
    const outcomes = await this.#client.scheduleTasks(tasks);
    for (const [at, outcome] of outcomes.entries()) {
      const answer = outcome.ok ? "acked" : outcome.error.certain ? "refused" : "unknown";
      this.lines.push({ line: "answer", atMs: monotonicMs(), call: first + at, answer });
      if (outcome.ok) this.acked.add(formatTaskKey(keys[at]!));
    }
  }

  /** Keys, as text, of what was asked for after a moment (monotonic). */
  askedAfter(sinceMs: number): ReadonlySet<string> {
    const asks = this.lines.filter((line) => line.line === "ask");
    return new Set(asks.filter(({ atMs }) => atMs > sinceMs).map(({ key }) => formatTaskKey(key)));
  }

  #keyOf(number: number): TaskKey {
    const { ids, aheadMaxMs } = this.#shape;
    return {
      scheduledTimeMs: systemClock.nowMs() + Math.floor(this.#random.next() * aheadMaxMs),
      orderingId: `customer-${Math.floor(this.#random.next() * ids)}`,
      uniquenessKey: String(number),
    };
  }

  #work(): { workMs: number; failsFirst: boolean } {
    const isSlow = this.#random.next() < SLOW_SHARE;
    return {
      workMs: isSlow ? SLOW_MS : Math.floor(this.#random.next() * 20),
      failsFirst: this.#random.next() < FAILING_SHARE,
    };
  }
}
