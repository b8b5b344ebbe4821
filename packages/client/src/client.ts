import type { AppendAck, AppendRequest, Clock, LogAppender, Random, ValidTask } from "@horae/core";
import {
  encodeScheduleRecord,
  encodeUtf8,
  Ending,
  formatTaskKey,
  HoraeError,
  partitionOf,
  sleep,
  taskInvalid,
  validateTask,
} from "@horae/core";
import type { AppendCallHooks, AppendCallState } from "./append-call.ts";
import { AppendCall } from "./append-call.ts";
import { asHoraeError } from "./as-horae-error.ts";
import { BulkOutcomes } from "./bulk-outcomes.ts";
import type { ClientSettings } from "./client-settings.ts";
import { resolveClientSettings } from "./client-settings.ts";
import { Gate } from "./gate.ts";
import { OpenCalls } from "./open-calls.ts";
import { repeatDelayMs } from "./repeat-delay.ts";
import type { ScheduledTask, ScheduleOutcome, TaskInput } from "./task-input.ts";

const CLOSE_TIMEOUT_MS = 10_000;

export interface ClientOptions {
  readonly appender: LogAppender;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings?: Partial<ClientSettings>;
}

/**
 * Schedules tasks: it validates them, chooses their partition and appends them to the log. What it
 * acknowledges is durable.
 *
 * A call ends within `appendTimeoutMs`. Until then, failures that may pass are repeated with
 * back-off, as Kafka's producer does, and refusals for no longer than `refusalTimeoutMs`; what a
 * repetition would not change (a record that is too large) ends it at once. Repeating is harmless,
 * because the same key scheduled twice is one task. Calls for one key that are under way at the
 * same time may land in any order.
 *
 * Memory is bounded by `inFlightTasksMax` and `waitingTasksMax`.
 */
export class Client<Types extends object = Record<string, unknown>> {
  readonly #appender: LogAppender;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #settings: ClientSettings;
  readonly #gate: Gate;
  readonly #calls: OpenCalls;
  readonly #hooks: AppendCallHooks = {
    onEnter: (call) => void this.#send(call),
    onEnd: (call, from) => this.#callEnded(call, from),
  };
  /** The client waits for nothing any longer. */
  readonly #abandoned = new Ending();
  #closed: Promise<void> | null = null;
  /** Null until the log has told. */
  #partitions: number | null = null;
  #asking: Promise<number> | null = null;

  constructor(options: ClientOptions) {
    this.#appender = options.appender;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#settings = resolveClientSettings(options.settings ?? {});
    this.#calls = new OpenCalls({
      clock: options.clock,
      timeoutMs: this.#settings.appendTimeoutMs,
    });
    this.#gate = new Gate({
      insideMax: this.#settings.inFlightTasksMax,
      waitingMax: this.#settings.waitingTasksMax,
    });
  }

  /**
   * Resolves when the task is durable in the log. Rejects with a HoraeError that says by `certain`
   * whether the task was surely not appended, and by `retryable` whether the same call may succeed
   * later: `TASK_INVALID` (`details.problems` lists all), `LOG_UNAVAILABLE`, `RECORD_TOO_LARGE`,
   * `CLIENT_SATURATED`, `CLIENT_CLOSED`, `APPEND_UNKNOWN`. `details.key` and
   * `details.uniquenessKey` name a task that was valid; after `APPEND_UNKNOWN` (the only uncertain
   * error) it is safe to schedule the task again with that uniqueness key.
   */
  scheduleTask(task: TaskInput<Types>): Promise<ScheduledTask> {
    return new Promise((resolve, reject) => {
      this.#begin(task, (outcome) => {
        if (!outcome.ok) reject(outcome.error);
        else resolve({ key: outcome.key, partition: outcome.partition, offset: outcome.offset });
      });
    });
  }

  /**
   * Schedules many tasks; resolves with one outcome for each, in order, and rejects for none of
   * them. However many they are, they take one waiting place: each is taken when there was room for
   * the one before it, and its `appendTimeoutMs` begins then.
   */
  async scheduleTasks(tasks: Iterable<TaskInput<Types>>): Promise<ScheduleOutcome[]> {
    const bulk = new BulkOutcomes();
    for (const task of tasks) {
      const settle = bulk.next();
      try {
        const call = this.#begin(task, settle);
        if (call.isWaiting) await call.whenEntered();
      } catch (error) {
        settle({ ok: false, error: asHoraeError(error) });
      }
    }
    return bulk.all();
  }

  /**
   * Refuses further calls, waits up to `timeoutMs` (default 10,000) for those under way, rejects
   * the rest (`CLIENT_CLOSED`, or `APPEND_UNKNOWN` where the log may have the task), and closes the
   * connection. Calling it again answers the same promise.
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#calls.whenIdle(timeoutMs);
    this.#abandoned.end();
    this.#calls.abandonAll();
    await this.#appender.close();
  }

  /**
   * Validates before anything else happens, and takes a copy: the caller may change its objects.
   * Throws what is wrong before the call has begun; then `settle` is not called.
   */
  #begin(input: TaskInput<Types>, settle: (outcome: ScheduleOutcome) => void): AppendCall {
    if (this.#closed !== null) throw new HoraeError("CLIENT_CLOSED", "the client is closed");
    const validation = validateTask(input, { nowMs: this.#clock.nowMs(), random: this.#random });
    if (!validation.ok) throw taskInvalid(validation.problems);
    if (this.#gate.isFull) throw this.#saturated(validation.task);
    const call = new AppendCall({ task: validation.task, hooks: this.#hooks, settle });
    this.#calls.add(call);
    this.#gate.admit(call);
    return call;
  }

  #saturated(task: ValidTask): HoraeError {
    const key = formatTaskKey(task.key);
    const { inFlightTasksMax, waitingTasksMax } = this.#settings;
    const message = `${key}: ${inFlightTasksMax} tasks are in flight and ${waitingTasksMax} calls wait`;
    const details = { key, uniquenessKey: task.key.uniquenessKey };
    return new HoraeError("CLIENT_SATURATED", message, { retryable: true, details });
  }

  #callEnded(call: AppendCall, from: AppendCallState): void {
    this.#calls.delete(call);
    if (from === "waiting") this.#gate.giveUp();
  }

  /**
   * Appends until the call has ended. The place inside is kept until the last append has answered,
   * also when the call timed out before: what the log has not answered is still in memory.
   */
  async #send(call: AppendCall): Promise<void> {
    const sinceMs = this.#clock.monotonicMs();
    for (let attempt = 1; !call.hasEnded; attempt++) {
      try {
        call.attemptSucceeded(await this.#append(call));
      } catch (error) {
        const failure = asHoraeError(error);
        call.attemptFailed(failure, this.#mayPass(failure, sinceMs) ? "repeat" : "final");
      }
      if (call.hasEnded) break;
      await sleep(this.#clock, repeatDelayMs(attempt, this.#random), this.#abandoned);
    }
    this.#gate.leave();
  }

  #mayPass(failure: HoraeError, sinceMs: number): boolean {
    if (!failure.retryable || !failure.certain) return failure.retryable;
    return this.#clock.monotonicMs() - sinceMs < this.#settings.refusalTimeoutMs;
  }

  async #append(call: AppendCall): Promise<AppendAck> {
    this.#partitions ??= await this.#askPartitions();
    // Its time may have come meanwhile, and then it was told that nothing was appended.
    if (call.hasEnded) throw new HoraeError("CLIENT_CLOSED", "the call has ended");
    const request = requestFor(call.task, this.#partitions);
    call.attemptStarted();
    return this.#appender.append(request);
  }

  /** Asks once for all that wait; after a failure the next attempt asks again. */
  #askPartitions(): Promise<number> {
    this.#asking ??= this.#appender.partitionCount().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }
}

function requestFor(task: ValidTask, partitions: number): AppendRequest {
  const { orderingId } = task.key;
  return {
    partition: partitionOf(orderingId, partitions),
    key: encodeUtf8(orderingId),
    value: encodeScheduleRecord(task),
    headers: task.headers,
  };
}
