import fc from "fast-check";
import { DateTime } from "luxon";
import { formatIso8601, parseIso8601, SCHEDULED_TIME_MAX_MS } from "../src/index.ts";

const YEAR_ZERO_MS = Date.parse("0000-01-01T00:00:00.000Z");
const timeMs = fc.integer({ min: YEAR_ZERO_MS, max: SCHEDULED_TIME_MAX_MS });

function luxonMs(text: string): number | null {
  const time = DateTime.fromISO(text, { zone: "utc" });
  return time.isValid ? time.toMillis() : null;
}

function pad(number: number, length = 2): string {
  return String(number).padStart(length, "0");
}

/** Texts of the right shape, about half of them not times. */
const shapedText = fc
  .record({
    year: fc.integer({ min: 0, max: 9999 }),
    month: fc.integer({ min: 0, max: 13 }),
    day: fc.integer({ min: 0, max: 32 }),
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 60 }),
    second: fc.integer({ min: 0, max: 60 }),
    fraction: fc.constantFrom("", ".0", ".5", ".25", ".007", ".999"),
    offset: fc.oneof(
      fc.constant("Z"),
      fc
        .tuple(
          fc.constantFrom("+", "-"),
          fc.integer({ min: 0, max: 13 }),
          fc.integer({ min: 0, max: 59 }),
        )
        .map(([sign, hours, minutes]) => `${sign}${pad(hours)}:${pad(minutes)}`),
      fc.constantFrom("+14:00", "-14:00"),
    ),
  })
  .map((t) => {
    const date = `${pad(t.year, 4)}-${pad(t.month)}-${pad(t.day)}`;
    return `${date}T${pad(t.hour)}:${pad(t.minute)}:${pad(t.second)}${t.fraction}${t.offset}`;
  });

describe("parseIso8601", () => {
  it("agrees with luxon on every text of its form", () => {
    fc.assert(
      fc.property(shapedText, (text) => {
        expect([text, parseIso8601(text)]).toEqual([text, luxonMs(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("reads what luxon writes, in every zone", () => {
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), zone, (ms, zoneName) => {
        expect(parseIso8601(DateTime.fromMillis(ms, { zone: zoneName }).toISO()!)).toBe(ms);
      }),
    );
  });

  it("takes nothing that luxon refuses, and gives the same time", () => {
    const spoilt = fc
      .tuple(shapedText, fc.nat(40), fc.nat(2), fc.constantFrom("", "0", "9", "-", ":", "Z", " "))
      .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(spoilt, (text) => {
        const parsed = parseIso8601(text);
        if (parsed !== null) expect([text, parsed]).toEqual([text, luxonMs(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["2026-12-01T09:00:00Z", 1_796_115_600_000],
    ["2026-12-01T09:00:00.5Z", 1_796_115_600_500],
    ["2026-12-01T09:00:00.05+00:00", 1_796_115_600_050],
    ["2026-12-01T10:30:00.005+01:30", 1_796_115_600_005],
    ["2026-12-01T08:00:00-01:00", 1_796_115_600_000],
    ["1970-01-01T00:00:00Z", 0],
    ["1969-12-31T23:59:59.999Z", -1],
    ["0050-01-01T00:00:00Z", -60_589_296_000_000],
    ["2000-02-29T00:00:00Z", 951_782_400_000],
    ["1900-02-29T00:00:00Z", null],
    ["2024-02-30T00:00:00Z", null],
    ["2026-12-01T24:00:00Z", null],
    ["2026-12-31T23:59:60Z", null],
    ["2026-12-01T09:00:00", null],
    ["2026-12-01T09:00Z", null],
    ["2026-12-01", null],
    ["2026-12-01t09:00:00Z", null],
    ["2026-12-01T09:00:00z", null],
    ["2026-12-01T09:00:00.1234Z", null],
    ["2026-12-01T09:00:00+14:00", 1_796_065_200_000],
    ["2026-12-01T09:00:00+14:01", null],
    ["2026-12-01T09:00:00-15:00", null],
    ["2026-12-01T09:00:00+01:60", null],
    ["2026-12-01T09:00:00Z\n", null],
    ["", null],
  ])("%j is %p", (text, expected) => {
    expect(parseIso8601(text)).toBe(expected);
  });
});

describe("formatIso8601", () => {
  it("comes back the same, and sorts as the times do", () => {
    fc.assert(
      fc.property(timeMs, timeMs, (a, b) => {
        expect(parseIso8601(formatIso8601(a))).toBe(a);
        expect(Math.sign(a - b)).toBe(
          Buffer.from(formatIso8601(a)).compare(Buffer.from(formatIso8601(b))),
        );
      }),
    );
  });

  it.each([YEAR_ZERO_MS - 1, SCHEDULED_TIME_MAX_MS + 1, 0.5, NaN, Infinity])("refuses %p", (ms) => {
    expect(() => formatIso8601(ms)).toThrow(expect.objectContaining({ code: "TASK_INVALID" }));
  });
});
