import { DATA_BYTES_MAX, DATA_LEVELS_MAX } from "./limits.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem, memberPath } from "./task-problem.ts";
import { isWellFormed, utf8Length } from "./utf8.ts";

/** A container on the way from the root to the value in hand. */
interface Frame {
  readonly container: object;
  /** Own enumerable names; null for an array. */
  readonly names: readonly string[] | null;
  readonly size: number;
  /** Members visited so far. */
  visited: number;
}

/**
 * The JSON text of `value`, or null after adding problems. Only what comes back the same is
 * taken: JSON.stringify would turn NaN into null, a Date into a string, a Map into `{}`, and drop
 * undefined and functions without a word.
 */
export function jsonTextOf(value: unknown, path: string, problems: TaskProblem[]): string | null {
  try {
    if (!checkJsonValue(value, path, problems)) return null;
    const text = JSON.stringify(value);
    if (utf8Length(text) <= DATA_BYTES_MAX) return text;
    addProblem(problems, dataTooLarge(path));
  } catch {
    addProblem(problems, {
      code: "DATA_INVALID",
      path,
      expected: "members that can be read (a getter threw)",
    });
  }
  return null;
}

/**
 * True when `root` is a JSON value within the limits; else problems are added. Walks without
 * recursion and stops as soon as the text must be too large, so that neither depth, nor a cycle,
 * nor a small object that refers to itself many times over can exhaust stack or time.
 */
export function checkJsonValue(root: unknown, path: string, problems: TaskProblem[]): boolean {
  const problemsBefore = problems.length;
  const frames: Frame[] = [];
  let bytesAtLeast = 0;
  let value: unknown = root;
  for (;;) {
    const expected = expectedInstead(value);
    if (expected !== null) {
      addProblem(problems, { code: "DATA_INVALID", path: pathOf(path, frames), expected });
    } else if (typeof value === "object" && value !== null) {
      if (frames.length === DATA_LEVELS_MAX) {
        const inside = frames.some(({ container }) => container === value);
        addProblem(problems, inside ? insideItself(pathOf(path, frames)) : dataTooDeep(path));
        return false;
      }
      frames.push(frameOf(value));
    }
    bytesAtLeast += typeof value === "string" ? value.length + 2 : 1;
    let frame = frames.at(-1);
    while (frame !== undefined && frame.visited === frame.size) {
      frames.pop();
      frame = frames.at(-1);
    }
    if (frame === undefined) break;
    const name = frame.names === null ? frame.visited : frame.names[frame.visited]!;
    frame.visited++;
    if (typeof name === "string") {
      bytesAtLeast += name.length + 2;
      const otherName = expectedInsteadOfName(name);
      if (otherName !== null) {
        addProblem(problems, {
          code: "DATA_INVALID",
          path: pathOf(path, frames),
          expected: otherName,
        });
      }
    }
    if (bytesAtLeast > DATA_BYTES_MAX) {
      addProblem(problems, dataTooLarge(path));
      return false;
    }
    value = (frame.container as Record<string | number, unknown>)[name];
  }
  return problems.length === problemsBefore;
}

function frameOf(container: object): Frame {
  if (Array.isArray(container)) {
    return { container, names: null, size: container.length, visited: 0 };
  }
  const names = Object.keys(container);
  return { container, names, size: names.length, visited: 0 };
}

function expectedInsteadOfName(name: string): string | null {
  // Code that copies members one by one would replace a prototype.
  if (name === "__proto__") return "a name other than __proto__";
  return isWellFormed(name) ? null : "a name without lone surrogates";
}

export function dataTooDeep(path: string): TaskProblem {
  return { code: "DATA_TOO_DEEP", path, expected: `at most ${DATA_LEVELS_MAX} levels` };
}

export function dataTooLarge(path: string): TaskProblem {
  return { code: "DATA_TOO_LARGE", path, expected: `at most ${DATA_BYTES_MAX} bytes of JSON` };
}

function insideItself(path: string): TaskProblem {
  return { code: "DATA_INVALID", path, expected: "a value that is not inside itself" };
}

/** What should be in place of a value that JSON cannot hold; null when it can. */
function expectedInstead(value: unknown): string | null {
  switch (typeof value) {
    case "boolean":
      return null;
    case "string":
      return isWellFormed(value) ? null : "a string without lone surrogates";
    case "number":
      return Number.isFinite(value) ? null : "a finite number";
    case "object":
      return value === null || isPlain(value) ? null : "a plain object, an array or a scalar";
    case "undefined":
      return "a JSON value, not undefined (leave the member out)";
    case "bigint":
      return "a JSON value, not a bigint (write it as a string)";
    default:
      return `a JSON value, not a ${typeof value}`;
  }
}

/** An array or an object without a class of its own, also one of another realm. */
function isPlain(value: object): boolean {
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function pathOf(root: string, frames: readonly Frame[]): string {
  let path = root;
  for (const { names, visited } of frames) {
    path = memberPath(path, names === null ? visited - 1 : names[visited - 1]!);
  }
  return path;
}
