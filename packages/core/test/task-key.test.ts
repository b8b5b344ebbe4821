import fc from "fast-check";
import type { HoraeError, TaskKey } from "../src/index.ts";
import {
  compareTaskKeys,
  formatTaskKey,
  isId,
  lowerBoundKey,
  parseTaskKey,
  SCHEDULED_TIME_MAX_MS,
  taskKeyToken,
} from "../src/index.ts";
import { anyCharacter } from "./any-text.ts";

const id = fc
  .string({
    unit: fc.oneof(fc.constantFrom("/", "%", " ", ".", "a", "\u{1f600}"), anyCharacter),
    minLength: 1,
    maxLength: 6,
  })
  .filter(isId);

const taskKey: fc.Arbitrary<TaskKey> = fc.record({
  scheduledTimeMs: fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: SCHEDULED_TIME_MAX_MS }),
  ),
  orderingId: fc.oneof(fc.constantFrom("a", "b"), id),
  uniquenessKey: id,
});

/** The order of the store: fixed-width time, then the bytes of each id with an end below all others. */
function sortBytes(key: TaskKey): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(BigInt(key.scheduledTimeMs));
  return Buffer.concat([time, Buffer.from(`${key.orderingId}\u0000${key.uniquenessKey}\u0000`)]);
}

describe("compareTaskKeys", () => {
  it("orders by time, then by the bytes of the ids", () => {
    fc.assert(
      fc.property(taskKey, taskKey, (a, b) => {
        const expected = Buffer.compare(sortBytes(a), sortBytes(b));
        expect(Math.sign(compareTaskKeys(a, b))).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it("puts the lower bound of an instant between the earlier keys and those of the instant", () => {
    fc.assert(
      fc.property(taskKey, fc.integer({ min: 0, max: 4 }), (key, timeMs) => {
        const compared = compareTaskKeys(key, lowerBoundKey(timeMs));
        expect(compared < 0).toBe(key.scheduledTimeMs < timeMs);
        expect(compared).not.toBe(0);
      }),
    );
  });
});

describe("taskKeyToken", () => {
  it("is the same for equal keys only", () => {
    fc.assert(
      fc.property(taskKey, taskKey, (a, b) => {
        expect(taskKeyToken(a) === taskKeyToken(b)).toBe(compareTaskKeys(a, b) === 0);
        expect(taskKeyToken({ ...a })).toBe(taskKeyToken(a));
      }),
    );
    const left = { scheduledTimeMs: 1, orderingId: "a", uniquenessKey: "b/c" };
    const right = { scheduledTimeMs: 1, orderingId: "a/b", uniquenessKey: "c" };
    expect(taskKeyToken(left)).not.toBe(taskKeyToken(right));
  });
});

describe("the key as text", () => {
  it("is as documented", () => {
    const scheduledTimeMs = Date.UTC(2026, 11, 1, 9);
    const key = { scheduledTimeMs, orderingId: "customer-42", uniquenessKey: "invoice-7" };
    expect(formatTaskKey(key)).toBe("2026-12-01T09:00:00.000Z/customer-42/invoice-7");
    const odd = { scheduledTimeMs, orderingId: "a/b %", uniquenessKey: "\u00fc" };
    expect(formatTaskKey(odd)).toBe("2026-12-01T09:00:00.000Z/a%2Fb%20%25/%C3%BC");
  });

  it("comes back the same", () => {
    fc.assert(
      fc.property(taskKey, (key) => {
        const text = formatTaskKey(key);
        expect(parseTaskKey(text)).toEqual(key);
        expect(text.split("/")).toHaveLength(3);
      }),
    );
  });

  it.each([
    "2026-12-01T10:00:00+01:00/customer-42/invoice-7",
    "2026-12-01T09%3A00%3A00Z/customer%2D42/invoice-7",
  ])("may be written as %s", (text) => {
    expect(formatTaskKey(parseTaskKey(text))).toBe(
      "2026-12-01T09:00:00.000Z/customer-42/invoice-7",
    );
  });

  it.each([
    ["", "FIELD_TYPE", "key"],
    ["2026-12-01T09:00:00.000Z/customer-42", "FIELD_TYPE", "key"],
    ["2026-12-01T09:00:00.000Z/customer-42/a/b", "FIELD_TYPE", "key"],
    ["2026-12-01T09:00:00.000Z/customer-42/%", "FIELD_TYPE", "key"],
    ["2026-12-01T09:00:00.000Z/customer-42/%ff", "FIELD_TYPE", "key"],
    ["2026-12-01T09:00:00.000Z//invoice-7", "ID_INVALID", "orderingId"],
    ["2026-12-01T09:00:00.000Z/customer-42/%2E%2E", "ID_INVALID", "uniquenessKey"],
    ["2026-02-30T09:00:00.000Z/customer-42/invoice-7", "TIME_INVALID", "scheduledTime"],
    ["1796115600000/customer-42/invoice-7", "TIME_INVALID", "scheduledTime"],
    ["1969-12-01T09:00:00.000Z/customer-42/invoice-7", "TIME_OUT_OF_RANGE", "scheduledTime"],
  ])("refuses %j", (text, code, path) => {
    let error: HoraeError | undefined;
    try {
      parseTaskKey(text);
    } catch (thrown) {
      error = thrown as HoraeError;
    }
    expect(error?.code).toBe("TASK_INVALID");
    expect(error?.details["problems"]).toMatchObject([{ code, path }]);
  });

  it("refuses to write a time without a year of four digits", () => {
    const key = lowerBoundKey(SCHEDULED_TIME_MAX_MS + 1);
    expect(() => formatTaskKey(key)).toThrow("outside the years 0000 to 9999");
  });
});
