import { ATTEMPTS_MAX, BACKOFF_FACTOR_MAX, DURATION_MAX_MS } from "./limits.ts";
import type { BackoffOptions, TaskOptions } from "./task.ts";
import { DEFAULT_TASK_OPTIONS } from "./task.ts";
import { isFields } from "./task-fields.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem, memberPath } from "./task-problem.ts";

/** Names that a later version will give a meaning. */
const RESERVED_OPTIONS: readonly string[] = ["onFailure", "priority", "expiresAt"];

const NO_OPTIONS: TaskOptions = Object.freeze({});

interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

const OPTION_RANGES: Readonly<Record<string, Range>> = {
  maxAttempts: { min: 1, max: ATTEMPTS_MAX, integer: true },
  attemptTimeoutMs: { min: 1, max: DURATION_MAX_MS, integer: true },
};

const BACKOFF_RANGES: Readonly<Record<string, Range>> = {
  initialMs: { min: 0, max: DURATION_MAX_MS, integer: true },
  factor: { min: 1, max: BACKOFF_FACTOR_MAX, integer: false },
  maxMs: { min: 0, max: DURATION_MAX_MS, integer: true },
  jitter: { min: 0, max: 1, integer: false },
};

/** The options that are given, checked; what is wrong is added to `problems` and left out. */
export function checkTaskOptions(value: unknown, problems: TaskProblem[]): TaskOptions {
  if (value === undefined) return NO_OPTIONS;
  if (!isFields(value)) {
    addProblem(problems, { code: "FIELD_TYPE", path: "options", expected: "an object" });
    return NO_OPTIONS;
  }
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const given = value[name];
    const path = memberPath("options", name);
    if (given === undefined) continue;
    if (Object.hasOwn(OPTION_RANGES, name)) {
      const problem = rangeProblem(given, path, OPTION_RANGES[name]!);
      if (problem === null) options[name] = given;
      else addProblem(problems, problem);
    } else if (name === "onRetry") {
      if (checkOnRetry(given, path, problems)) options[name] = given;
    } else if (name === "backoff") {
      options[name] = checkBackoff(given, path, problems);
    } else if (RESERVED_OPTIONS.includes(name)) {
      addProblem(problems, {
        code: "OPTION_RESERVED",
        path,
        expected: "no such option: a later version will have it",
      });
    } else {
      addProblem(problems, unknownOption(path));
    }
  }
  return options as TaskOptions;
}

function checkOnRetry(given: unknown, path: string, problems: TaskProblem[]): boolean {
  if (given === "block" || given === "skip") return true;
  const code = typeof given === "string" ? "OPTION_OUT_OF_RANGE" : "FIELD_TYPE";
  addProblem(problems, { code, path, expected: '"block" or "skip"' });
  return false;
}

function checkBackoff(given: unknown, path: string, problems: TaskProblem[]): BackoffOptions {
  if (!isFields(given)) {
    addProblem(problems, { code: "FIELD_TYPE", path, expected: "an object" });
    return {};
  }
  const backoff: Record<string, unknown> = {};
  const problemsBefore = problems.length;
  for (const name of Object.keys(given)) {
    const member = given[name];
    if (member === undefined) continue;
    const memberAt = memberPath(path, name);
    const problem = Object.hasOwn(BACKOFF_RANGES, name)
      ? rangeProblem(member, memberAt, BACKOFF_RANGES[name]!)
      : unknownOption(memberAt);
    if (problem === null) backoff[name] = member;
    else addProblem(problems, problem);
  }
  if (problems.length === problemsBefore) checkInitialMs(backoff, path, problems);
  return backoff;
}

/** Who asks for a first delay of an hour and forgets maxMs would else get ten minutes. */
function checkInitialMs(backoff: BackoffOptions, path: string, problems: TaskProblem[]): void {
  const { initialMs, maxMs } = { ...DEFAULT_TASK_OPTIONS.backoff, ...backoff };
  if (initialMs <= maxMs) return;
  const origin = backoff.maxMs === undefined ? "its default" : "as given";
  addProblem(problems, {
    code: "OPTION_OUT_OF_RANGE",
    path: memberPath(path, "initialMs"),
    expected: `at most backoff.maxMs (${maxMs}, ${origin})`,
  });
}

function unknownOption(path: string): TaskProblem {
  return { code: "FIELD_UNKNOWN", path, expected: "no such option" };
}

/** What is wrong with the value of an option; null when nothing is. */
function rangeProblem(given: unknown, path: string, range: Range): TaskProblem | null {
  const expected = `${range.integer ? "an integer" : "a number"} from ${range.min} to ${range.max}`;
  if (typeof given !== "number") return { code: "FIELD_TYPE", path, expected };
  const fits = given >= range.min && given <= range.max;
  if (fits && (!range.integer || Number.isInteger(given))) return null;
  return { code: "OPTION_OUT_OF_RANGE", path, expected };
}
