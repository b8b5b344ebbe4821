import { HoraeError } from "./errors.ts";

/** Every reason for which a record or a call is refused. Codes are stable; new ones may be added. */
export const TASK_PROBLEM_CODES = [
  // The record as a whole (log only)
  "VALUE_MISSING",
  "RECORD_NOT_UTF8",
  "RECORD_NOT_JSON",
  "RECORD_NOT_OBJECT",
  "VERSION_UNSUPPORTED",
  "COMMAND_UNKNOWN",
  "KEY_MISSING",
  "KEY_MISMATCH",
  // Fields
  "FIELD_MISSING",
  "FIELD_TYPE",
  "FIELD_UNKNOWN",
  "FIELD_DUPLICATE",
  "TYPE_INVALID",
  "ID_INVALID",
  "TIME_INVALID",
  "TIME_OUT_OF_RANGE",
  "DATA_INVALID",
  "DATA_TOO_DEEP",
  "DATA_TOO_LARGE",
  "OPTION_OUT_OF_RANGE",
  "OPTION_RESERVED",
  "HEADERS_INVALID",
  "HEADERS_TOO_LARGE",
] as const;

export type TaskProblemCode = (typeof TASK_PROBLEM_CODES)[number];

/** One thing that is wrong with a task. Never holds data of the task, only names of fields. */
export interface TaskProblem {
  readonly code: TaskProblemCode;
  /** Where, e.g. `options.backoff.factor` or `data.items[3]`; empty for the whole. */
  readonly path: string;
  /** What should be there, as a noun phrase. */
  readonly expected: string;
}

/** Problems beyond this many are not reported: input of others must not blow up our memory. */
export const PROBLEMS_MAX = 20;

const NAME_LENGTH_MAX = 100;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Adds a problem while there are not too many. */
export function addProblem(problems: TaskProblem[], problem: TaskProblem): void {
  if (problems.length < PROBLEMS_MAX) problems.push(problem);
}

/** The path of a member: `data.a`, `data["a b"]`, `data[3]`. Long names are cut. */
export function memberPath(parent: string, name: string | number): string {
  if (typeof name === "number") return `${parent}[${name}]`;
  const short = name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}...` : name;
  // JSON.stringify escapes what is not printable, lone surrogates included.
  if (!IDENTIFIER.test(short)) return `${parent}[${JSON.stringify(short)}]`;
  return parent === "" ? short : `${parent}.${short}`;
}

/** One line for people. */
export function describeProblems(problems: readonly TaskProblem[]): string {
  return problems
    .map(({ path, expected }) =>
      path === "" ? `expected ${expected}` : `${path}: expected ${expected}`,
    )
    .join("; ");
}

/** The error that a client throws for a task that is not valid; `details.problems` has them all. */
export function taskInvalid(problems: readonly TaskProblem[]): HoraeError {
  return new HoraeError("TASK_INVALID", `the task is not valid: ${describeProblems(problems)}`, {
    details: { problems },
  });
}
