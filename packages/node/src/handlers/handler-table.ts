import type { TaskHandler, TaskHandlers } from "@horae/core";
import { HoraeError, NAME_PATTERN } from "@horae/core";

/**
 * Maps task type to handler; `Types` maps task type to the type of its data. Throwing means retry
 * by policy, `TaskFailedError` fails the task now, `RetryLaterError` sets the next attempt.
 */
export type HandlerTable<Types extends object = Record<string, unknown>> = {
  readonly [Type in keyof Types & string]: TaskHandler<Types[Type]>;
};

/** Checks a table of unknown origin. Throws `SETTINGS_INVALID`; `where` says whose table it is. */
export function toTaskHandlers(table: unknown, where: string): TaskHandlers {
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw invalid(`${where}: expected an object that maps task type to handler`);
  }
  const entries = Object.entries(table);
  if (entries.length === 0) throw invalid(`${where}: there is no handler in it`);
  // A Map, because a task may be called "constructor".
  const handlers = new Map<string, TaskHandler>();
  for (const [type, handler] of entries) {
    if (!NAME_PATTERN.test(type)) {
      throw invalid(`${where}: ${JSON.stringify(type)} is no task type (${NAME_PATTERN.source})`);
    }
    if (typeof handler !== "function") {
      throw invalid(`${where}: the handler of ${type} is not a function`);
    }
    handlers.set(type, handler as TaskHandler);
  }
  return { get: (type) => handlers.get(type) };
}

function invalid(message: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", message, { details: { path: "handlers" } });
}
