import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskHandler, TaskHandlers } from "@horae/core";

/** The call of a handler in which code runs, however long after the handler has returned. */
interface HandlerCall {
  readonly key: string;
  readonly onLeak: OnLeak;
}

export type OnLeak = (reason: unknown, key: string) => void;

export interface LeakCatcher {
  /** The same handlers; what their promises leave behind is caught. */
  readonly handlers: TaskHandlers;
  stop(): void;
}

const handlerCall = new AsyncLocalStorage<HandlerCall>();

/** How many catchers are at work; they share one listener. */
let catchers = 0;

/**
 * A handler may leave a promise behind that is rejected later and that nobody waits for. Node ends
 * the process for that, and with it every other task that runs. Such a rejection is reported to
 * `onLeak` instead, with the key of the task whose handler made it.
 *
 * Rejections from elsewhere in the process do what they do without this: other listeners get them,
 * and when there is none they end the process.
 */
export function catchLeaks(handlers: TaskHandlers, onLeak: OnLeak): LeakCatcher {
  if (catchers++ === 0) process.on("unhandledRejection", onUnhandledRejection);
  const wrapped = new Map<TaskHandler, TaskHandler>();
  const wrap = (handler: TaskHandler): TaskHandler => {
    const known = wrapped.get(handler);
    if (known !== undefined) return known;
    const caught: TaskHandler = (task, context) =>
      handlerCall.run({ key: task.key, onLeak }, handler, task, context);
    wrapped.set(handler, caught);
    return caught;
  };
  let isStopped = false;
  return {
    handlers: {
      get: (type) => {
        const handler = handlers.get(type);
        return handler === undefined ? undefined : wrap(handler);
      },
    },
    stop: () => {
      if (isStopped) return;
      isStopped = true;
      if (--catchers === 0) process.off("unhandledRejection", onUnhandledRejection);
    },
  };
}

function onUnhandledRejection(reason: unknown): void {
  const call = handlerCall.getStore();
  if (call !== undefined) {
    call.onLeak(reason, call.key);
    return;
  }
  // Thrown from here it becomes an uncaught exception, as it would without a listener.
  if (process.listenerCount("unhandledRejection") === 1) throw asError(reason);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(`rejected with ${String(reason)}`);
}
