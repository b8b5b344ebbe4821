import type { TaskValidation } from "../src/index.ts";
import {
  describeProblems,
  HORIZON_MS,
  isBeyondHorizon,
  PROBLEMS_MAX,
  SeededRandom,
  taskInvalid,
  validateTask,
} from "../src/index.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

const task = {
  type: "send-reminder",
  orderingId: "customer-42",
  scheduledTime: "2026-12-01T09:00:00Z",
  uniquenessKey: "invoice-7",
};

function validate(input: unknown, nowMs: number | null = NOW_MS): TaskValidation {
  return validateTask(input, { nowMs, random: new SeededRandom(1) });
}

function codesOf(input: unknown): string[] {
  const validation = validate(input);
  return validation.ok ? [] : validation.problems.map(({ code, path }) => `${code} ${path}`);
}

describe("validateTask", () => {
  it("answers the task in the form in which it travels", () => {
    const given = { ...task, data: { a: [1] }, options: { maxAttempts: 3 }, headers: {} };
    expect(validate(given)).toEqual({
      ok: true,
      task: {
        key: {
          scheduledTimeMs: Date.UTC(2026, 11, 1, 9),
          orderingId: "customer-42",
          uniquenessKey: "invoice-7",
        },
        type: "send-reminder",
        dataJson: '{"a":[1]}',
        options: { maxAttempts: 3 },
        headers: {},
      },
    });
  });

  it("makes a uniqueness key where there is none", () => {
    const { uniquenessKey: _, ...without } = task;
    const token = new SeededRandom(1).token();
    expect(validate(without)).toMatchObject({ ok: true, task: { key: { uniquenessKey: token } } });
    expect(validate({ ...without, uniquenessKey: undefined }).ok).toBe(true);
  });

  it.each([
    ["a text with offset", "2026-12-01T10:00:00+01:00"],
    ["epoch milliseconds", 1_796_115_600_000],
    ["a Date", new Date(1_796_115_600_000)],
  ])("takes %s as time", (_name, scheduledTime) => {
    const key = { scheduledTimeMs: 1_796_115_600_000 };
    expect(validate({ ...task, scheduledTime })).toMatchObject({ ok: true, task: { key } });
  });

  it("refuses a Date that is none, and writes -0 as 0", () => {
    expect(codesOf({ ...task, scheduledTime: new Date(NaN) })).toEqual([
      "TIME_INVALID scheduledTime",
    ]);
    const validation = validate({ ...task, scheduledTime: -0 });
    expect(validation.ok && Object.is(validation.task.key.scheduledTimeMs, 0)).toBe(true);
  });

  it("takes undefined for absent, except inside data", () => {
    const absent = {
      data: undefined,
      headers: { "horae-a": undefined },
      options: { maxAttempts: undefined, backoff: { factor: undefined } },
    };
    const validation = validate({ ...task, ...absent });
    expect(validation).toMatchObject({ ok: true, task: { dataJson: "null", headers: {} } });
    expect(validation.ok && validation.task.options).toStrictEqual({ backoff: {} });
    expect(codesOf({ ...task, data: { a: undefined } })).toEqual(["DATA_INVALID data.a"]);
  });

  it("reports everything that is wrong", () => {
    const bad = {
      type: "",
      orderingId: 1,
      scheduledTime: "tomorrow",
      uniquenessKey: null,
      data: { a: NaN, b: 1n },
      options: { maxAttempts: 0, priority: 1, backoff: { factor: "2", unknown: 1 }, "a b": 1 },
      headers: { cookie: "a", "horae-a": 1, "horae-b": "\ud800" },
      orderingID: "customer-42",
    };
    expect(codesOf(bad)).toEqual([
      "FIELD_TYPE orderingId",
      "TIME_INVALID scheduledTime",
      "FIELD_TYPE uniquenessKey",
      "TYPE_INVALID type",
      "DATA_INVALID data.a",
      "DATA_INVALID data.b",
      "OPTION_OUT_OF_RANGE options.maxAttempts",
      "OPTION_RESERVED options.priority",
      "FIELD_TYPE options.backoff.factor",
      "FIELD_UNKNOWN options.backoff.unknown",
      'FIELD_UNKNOWN options["a b"]',
      "HEADERS_INVALID headers.cookie",
      'HEADERS_INVALID headers["horae-a"]',
      'HEADERS_INVALID headers["horae-b"]',
      "FIELD_UNKNOWN orderingID",
    ]);
  });

  it("bounds what it reports", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`, 1]));
    expect(codesOf({ ...task, ...many })).toHaveLength(PROBLEMS_MAX);
  });

  it.each([null, undefined, 1, "task", [task], () => task])("refuses %p", (input) => {
    expect(codesOf(input)).toEqual(["FIELD_TYPE "]);
  });

  it("refuses options, headers and backoff that are no objects", () => {
    expect(codesOf({ ...task, options: [] })).toEqual(["FIELD_TYPE options"]);
    expect(codesOf({ ...task, options: { backoff: 1 } })).toEqual(["FIELD_TYPE options.backoff"]);
    expect(codesOf({ ...task, headers: "a" })).toEqual(["FIELD_TYPE headers"]);
  });

  it("checks the horizon only when it is told the time", () => {
    const scheduledTime = NOW_MS + HORIZON_MS;
    expect(validate({ ...task, scheduledTime }).ok).toBe(true);
    expect(codesOf({ ...task, scheduledTime: scheduledTime + 1 })).toEqual([
      "TIME_OUT_OF_RANGE scheduledTime",
    ]);
    expect(validate({ ...task, scheduledTime: scheduledTime + 1 }, null).ok).toBe(true);
    expect(isBeyondHorizon({ scheduledTimeMs: scheduledTime }, NOW_MS)).toBe(false);
    expect(isBeyondHorizon({ scheduledTimeMs: scheduledTime + 1 }, NOW_MS)).toBe(true);
  });

  it("does not mistake inherited names for options", () => {
    const options = JSON.parse('{"constructor":1,"backoff":{"toString":1}}') as unknown;
    expect(codesOf({ ...task, options })).toEqual([
      "FIELD_UNKNOWN options.constructor",
      "FIELD_UNKNOWN options.backoff.toString",
    ]);
  });
});

describe("taskInvalid", () => {
  it("is an error with code, problems and a line for people", () => {
    const validation = validate({ ...task, type: "", orderingId: "" });
    const problems = validation.ok ? [] : validation.problems;
    const error = taskInvalid(problems);
    expect(error).toMatchObject({ code: "TASK_INVALID", certain: true, retryable: false });
    expect(error.details["problems"]).toBe(problems);
    expect(error.message).toMatch(
      /^the task is not valid: orderingId: expected .*; type: expected/,
    );
    expect(describeProblems([{ code: "FIELD_TYPE", path: "", expected: "an object" }])).toBe(
      "expected an object",
    );
  });
});
