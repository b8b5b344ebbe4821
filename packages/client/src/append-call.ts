import type { HoraeErrorCode, ValidTask } from "@horae/core";
import { formatTaskKey, HoraeError } from "@horae/core";
import type { Entrant } from "./gate.ts";
import type { ScheduleOutcome } from "./task-input.ts";

/**
 * `waiting` at the gate; `idle` inside, between two attempts; `sending` while an append is under
 * way; `ended`.
 */
export type AppendCallState = "waiting" | "idle" | "sending" | "ended";

/** What happens around a call; the same for all calls of a client. */
export interface AppendCallHooks {
  readonly onEnter: (call: AppendCall) => void;
  /** `from` is the state that the call was in. */
  readonly onEnd: (call: AppendCall, from: AppendCallState) => void;
}

export interface AppendCallOptions {
  readonly task: ValidTask;
  readonly hooks: AppendCallHooks;
  /** Told once how the call ended. */
  readonly settle: (outcome: ScheduleOutcome) => void;
}

/**
 * One task on its way to the log. It knows what may have happened to the task so far, so that a
 * rejection can say whether it is certain. It ends once; whatever it is told later is ignored.
 */
export class AppendCall implements Entrant {
  readonly task: ValidTask;
  readonly #hooks: AppendCallHooks;
  readonly #settle: (outcome: ScheduleOutcome) => void;
  #state: AppendCallState = "waiting";
  /** True when an append ended without telling whether the log has the record. */
  #mayBeAppended = false;
  #lastFailure: HoraeError | undefined;
  #onEntered: (() => void) | undefined;

  constructor({ task, hooks, settle }: AppendCallOptions) {
    this.task = task;
    this.#hooks = hooks;
    this.#settle = settle;
  }

  get isWaiting(): boolean {
    return this.#state === "waiting";
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  enter(): void {
    this.#state = "idle";
    this.#onEntered?.();
    this.#hooks.onEnter(this);
  }

  /** Resolves when the call does not wait any more. For one caller. */
  whenEntered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isWaiting) this.#onEntered = resolve;
      else resolve();
    });
  }

  attemptStarted(): void {
    if (!this.hasEnded) this.#state = "sending";
  }

  attemptSucceeded(place: { partition: number; offset: number }): void {
    if (this.hasEnded) return;
    const { partition, offset } = place;
    this.#end({ ok: true, key: formatTaskKey(this.task.key), partition, offset });
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
    if (this.hasEnded) return;
    const key = formatTaskKey(this.task.key);
    const { uniquenessKey } = this.task.key;
    const fields = { details: { key, uniquenessKey }, cause: this.#lastFailure };
    if (!this.#mayBeAppended) {
      const error = new HoraeError(code, `${key}: ${message}`, { ...fields, retryable });
      this.#end({ ok: false, error });
      return;
    }
    const advice = "it may have been appended; repeating it with its uniqueness key is safe";
    const error = new HoraeError("APPEND_UNKNOWN", `${key}: ${message}; ${advice}`, {
      ...fields,
      certain: false,
      retryable: true,
    });
    this.#end({ ok: false, error });
  }

  #end(outcome: ScheduleOutcome): void {
    const from = this.#state;
    this.#state = "ended";
    this.#onEntered?.();
    this.#hooks.onEnd(this, from);
    this.#settle(outcome);
  }
}
