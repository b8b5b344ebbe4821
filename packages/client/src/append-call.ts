import type { HoraeErrorCode, ValidTask } from "@horae/core";
import { formatTaskKey, HoraeError } from "@horae/core";
import type { Entrant } from "./gate.ts";
import type { ScheduledTask } from "./task-input.ts";

/**
 * `waiting` at the gate; `idle` inside, between two attempts; `sending` while an append is under
 * way; `ended`.
 */
export type AppendCallState = "waiting" | "idle" | "sending" | "ended";

export interface AppendCallOptions {
  readonly task: ValidTask;
  readonly onEnter: (call: AppendCall) => void;
  /** `from` is the state that the call was in. */
  readonly onEnd: (call: AppendCall, from: AppendCallState) => void;
}

/**
 * One task on its way to the log. It knows what may have happened to the task so far, so that a
 * rejection can say whether it is certain. It ends once; whatever it is told later is ignored.
 */
export class AppendCall implements Entrant {
  readonly task: ValidTask;
  /** The task key as text. */
  readonly key: string;
  readonly done: Promise<ScheduledTask>;
  readonly #options: AppendCallOptions;
  #state: AppendCallState = "waiting";
  /** True when an append ended without telling whether the log has the record. */
  #mayBeAppended = false;
  #lastFailure: HoraeError | undefined;
  #resolve: (scheduled: ScheduledTask) => void = () => undefined;
  #reject: (error: HoraeError) => void = () => undefined;
  #onEntered: () => void = () => undefined;

  constructor(options: AppendCallOptions) {
    this.#options = options;
    this.task = options.task;
    this.key = formatTaskKey(options.task.key);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  enter(): void {
    this.#state = "idle";
    this.#onEntered();
    this.#options.onEnter(this);
  }

  /** Resolves when the call is inside, or has ended. For one caller. */
  whenEntered(): Promise<void> {
    if (this.#state !== "waiting") return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEntered = resolve;
    });
  }

  attemptStarted(): void {
    if (!this.hasEnded) this.#state = "sending";
  }

  attemptSucceeded(place: { partition: number; offset: number }): void {
    if (!this.#end()) return;
    this.#resolve({ key: this.key, partition: place.partition, offset: place.offset });
  }

  /** Notes a failure; with `final` it also ends the call, because no repetition would help. */
  attemptFailed(failure: HoraeError, fate: "repeat" | "final"): void {
    if (this.hasEnded) return;
    this.#state = "idle";
    this.#lastFailure = failure;
    if (!failure.certain) this.#mayBeAppended = true;
    if (fate === "final") this.#fail(failure.code, failure.message, failure.retryable);
  }

  /** Ends the call because its time is up. */
  timeOut(afterMs: number): void {
    const within = `within ${afterMs} ms`;
    if (this.#state === "waiting") {
      this.#fail("CLIENT_SATURATED", `other calls were ahead of it and it was not sent ${within}`);
    } else if (this.#state === "idle") {
      this.#fail("LOG_UNAVAILABLE", `the log could not take it ${within}`);
    } else if (this.#state === "sending") {
      this.#mayBeAppended = true;
      this.#fail("LOG_UNAVAILABLE", `the log did not answer ${within}`);
    }
  }

  /** Ends the call because the client closes and does not wait any longer. */
  abandon(): void {
    if (this.#state === "sending") this.#mayBeAppended = true;
    this.#fail("CLIENT_CLOSED", "the client was closed before the log had answered", false);
  }

  #fail(code: HoraeErrorCode, message: string, retryable = true): void {
    if (!this.#end()) return;
    const { key } = this;
    const { uniquenessKey } = this.task.key;
    const fields = { details: { key, uniquenessKey }, cause: this.#lastFailure };
    if (!this.#mayBeAppended) {
      this.#reject(new HoraeError(code, `${key}: ${message}`, { ...fields, retryable }));
      return;
    }
    const advice = "it may have been appended; repeating it with its uniqueness key is safe";
    this.#reject(
      new HoraeError("APPEND_UNKNOWN", `${key}: ${message}; ${advice}`, {
        ...fields,
        certain: false,
        retryable: true,
      }),
    );
  }

  #end(): boolean {
    const from = this.#state;
    if (from === "ended") return false;
    this.#state = "ended";
    this.#onEntered();
    this.#options.onEnd(this, from);
    return true;
  }
}
