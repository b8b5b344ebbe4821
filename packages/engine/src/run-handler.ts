import {
  type Clock,
  type HandlerTask,
  hasCode,
  type TaskContext,
  type TaskHandler,
  type Timer,
} from "@horae/core";
import type { HandlerEnd } from "./outcome.ts";

export interface HandlerRun {
  readonly handler: TaskHandler;
  readonly task: HandlerTask;
  readonly context: Omit<TaskContext, "signal">;
  readonly attemptTimeoutMs: number;
  /** How long the handler may take to end once its signal has aborted. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
}

/**
 * One call of a handler. It always ends, whatever the handler does: at the time-out its signal
 * aborts, and past the grace it is a runaway, whose later result is ignored.
 */
export class RunningHandler {
  readonly #run: HandlerRun;
  /** Made only when the handler asks for the signal. */
  #controller: AbortController | null = null;
  #abortion: { code: string; message: string } | null = null;
  #onGraceOver: (() => void) | null = null;
  #grace: Timer | null = null;
  #isOver = false;
  /** It did not end within the grace. */
  isRunaway = false;
  /** A runaway has ended after all. */
  onLateEnd: () => void = () => undefined;

  constructor(run: HandlerRun) {
    this.#run = run;
  }

  /** Calls the handler now. Never rejects. */
  start(): Promise<HandlerEnd> {
    const { clock, attemptTimeoutMs } = this.#run;
    return new Promise((resolve) => {
      const timeout = clock.setTimer(attemptTimeoutMs, () => {
        this.abort("TIMEOUT", `the attempt took longer than ${attemptTimeoutMs} ms`);
      });
      const settle = (end: HandlerEnd): void => {
        if (this.#isOver) {
          if (this.isRunaway) this.onLateEnd();
          return;
        }
        this.#isOver = true;
        timeout.cancel();
        this.#grace?.cancel();
        resolve(end);
      };
      this.#onGraceOver = () => {
        this.isRunaway = true;
        settle({ kind: "aborted", ...this.#abortion! });
      };
      this.#call().then(
        (value) => settle({ kind: "returned", value }),
        (error: unknown) => settle(this.#endOf(error)),
      );
    });
  }

  /** Aborts the handler's signal; from now on it has the grace to end. */
  abort(code: string, message: string): void {
    if (this.#isOver || this.#abortion !== null) return;
    this.#abortion = { code, message };
    const { clock, abortGraceMs } = this.#run;
    this.#grace = clock.setTimer(abortGraceMs, () => this.#onGraceOver?.());
    this.#controller?.abort(new Error(message));
  }

  /** A handler that throws at once and one that rejects are the same. */
  async #call(): Promise<unknown> {
    const { handler, task, context } = this.#run;
    const signal = (): AbortSignal => this.#signal();
    const withSignal = Object.defineProperty({ ...context }, "signal", {
      enumerable: true,
      get: signal,
    }) as TaskContext;
    return handler(task, withSignal);
  }

  #signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortion !== null) this.#controller.abort(new Error(this.#abortion.message));
    }
    return this.#controller.signal;
  }

  /** An error after the abort is the abort's doing; a result, or a task given up, is still that. */
  #endOf(error: unknown): HandlerEnd {
    if (this.#abortion !== null && !hasCode(error, "TASK_FAILED"))
      return { kind: "aborted", ...this.#abortion };
    return { kind: "threw", error };
  }
}
