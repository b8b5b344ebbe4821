import type {
  AppendAck,
  AppendRequest,
  Clock,
  LogAppender,
  Random,
  Timer,
  ValidTask,
} from "@horae/core";
import {
  encodeScheduleRecord,
  encodeUtf8,
  formatTaskKey,
  HoraeError,
  partitionOf,
  sleep,
  taskInvalid,
  validateTask,
} from "@horae/core";
import type { AppendCallState } from "./append-call.ts";
import { AppendCall } from "./append-call.ts";
import { asHoraeError } from "./as-horae-error.ts";
import type { ClientSettings } from "./client-settings.ts";
import { resolveClientSettings } from "./client-settings.ts";
import { Gate } from "./gate.ts";
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
  /** Calls that have not ended, with the timer that ends them. */
  readonly #calls = new Map<AppendCall, Timer>();
  /** Aborts when the client waits for nothing any longer. */
  readonly #abandoned = new AbortController();
  #closed: Promise<void> | null = null;
  #onIdle: () => void = () => undefined;
  #partitionCount: Promise<number> | null = null;

  constructor(options: ClientOptions) {
    this.#appender = options.appender;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#settings = resolveClientSettings(options.settings ?? {});
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
  async scheduleTask(task: TaskInput<Types>): Promise<ScheduledTask> {
    return this.#begin(task).done;
  }

  /**
   * Schedules many tasks; resolves with one outcome for each, in order, and rejects for none of
   * them. However many they are, they take one waiting place: each is sent when there is room, and
   * its `appendTimeoutMs` begins then.
   */
  async scheduleTasks(tasks: Iterable<TaskInput<Types>>): Promise<ScheduleOutcome[]> {
    const outcomes: Promise<ScheduleOutcome>[] = [];
    for (const task of tasks) {
      try {
        const call = this.#begin(task);
        outcomes.push(outcomeOf(call));
        await call.whenEntered();
      } catch (error) {
        outcomes.push(Promise.resolve({ ok: false, error: asHoraeError(error) }));
      }
    }
    return Promise.all(outcomes);
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
    if (this.#calls.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(timeoutMs, resolve);
        this.#onIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#abandoned.abort();
    for (const call of [...this.#calls.keys()]) call.abandon();
    await this.#appender.close();
  }

  /** Validates before anything else happens, and takes a copy: the caller may change its objects. */
  #begin(input: TaskInput<Types>): AppendCall {
    if (this.#closed !== null) throw new HoraeError("CLIENT_CLOSED", "the client is closed");
    const validation = validateTask(input, { nowMs: this.#clock.nowMs(), random: this.#random });
    if (!validation.ok) throw taskInvalid(validation.problems);
    if (this.#gate.isFull) throw this.#saturated(validation.task);
    const { appendTimeoutMs } = this.#settings;
    const call = new AppendCall({
      task: validation.task,
      onEnter: (entered) => void this.#send(entered),
      onEnd: (ended, from) => this.#callEnded(ended, from),
    });
    this.#calls.set(
      call,
      this.#clock.setTimer(appendTimeoutMs, () => call.timeOut(appendTimeoutMs)),
    );
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
    this.#calls.get(call)?.cancel();
    this.#calls.delete(call);
    if (from === "waiting") this.#gate.giveUp();
    if (this.#calls.size === 0) this.#onIdle();
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
      await sleep(this.#clock, repeatDelayMs(attempt, this.#random), this.#abandoned.signal);
    }
    this.#gate.leave();
  }

  #mayPass(failure: HoraeError, sinceMs: number): boolean {
    if (!failure.retryable || !failure.certain) return failure.retryable;
    return this.#clock.monotonicMs() - sinceMs < this.#settings.refusalTimeoutMs;
  }

  async #append(call: AppendCall): Promise<AppendAck> {
    const partitions = await this.#partitions();
    const request = requestFor(call.task, partitions);
    call.attemptStarted();
    return this.#appender.append(request);
  }

  #partitions(): Promise<number> {
    this.#partitionCount ??= this.#appender.partitionCount().catch((error: unknown) => {
      // Not kept: the next attempt asks again.
      this.#partitionCount = null;
      throw error;
    });
    return this.#partitionCount;
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

async function outcomeOf(call: AppendCall): Promise<ScheduleOutcome> {
  try {
    return { ok: true, ...(await call.done) };
  } catch (error) {
    return { ok: false, error: asHoraeError(error) };
  }
}
