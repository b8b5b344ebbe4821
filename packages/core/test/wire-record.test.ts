import fc from "fast-check";
import type { LogRecord, TaskOptions } from "../src/index.ts";
import {
  decodeRecord,
  encodeScheduleRecord,
  encodeUtf8,
  isId,
  scheduleRecordText,
  SCHEDULED_TIME_MAX_MS,
} from "../src/index.ts";
import { anyCharacter, anyText } from "./any-text.ts";

const id = anyText.filter(isId);

const options: fc.Arbitrary<TaskOptions> = fc.record(
  {
    maxAttempts: fc.integer({ min: 1, max: 1_000 }),
    attemptTimeoutMs: fc.integer({ min: 1, max: 1_000_000 }),
    onRetry: fc.constantFrom("block", "skip"),
    backoff: fc.record({ factor: fc.integer({ min: 1, max: 100 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<TaskOptions>;

const task = fc.record({
  key: fc.record({
    scheduledTimeMs: fc.integer({ min: 0, max: SCHEDULED_TIME_MAX_MS }),
    orderingId: id,
    uniquenessKey: id,
  }),
  type: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  dataJson: fc.json({ stringUnit: anyCharacter }).filter((text) => !text.includes("__proto__")),
  options,
});

const smallest = {
  key: { scheduledTimeMs: Date.UTC(2026, 11, 1, 9), orderingId: "o", uniquenessKey: "u" },
  type: "t",
  dataJson: "null",
  options: {},
};

function recordOf(value: string, fields: Partial<LogRecord> = {}): LogRecord {
  return {
    partition: 0,
    offset: 17,
    key: encodeUtf8("o"),
    value: encodeUtf8(value),
    headers: {},
    timestampMs: 1_000,
    ...fields,
  };
}

describe("encodeScheduleRecord", () => {
  it("leaves out what is absent", () => {
    expect(scheduleRecordText(smallest)).toBe(
      '{"version":1,"command":"schedule","orderingId":"o",' +
        '"scheduledTime":"2026-12-01T09:00:00.000Z","uniquenessKey":"u","type":"t"}',
    );
  });

  it("is read back the same, the data byte for byte", () => {
    fc.assert(
      fc.property(task, (given) => {
        const record = recordOf("", {
          key: encodeUtf8(given.key.orderingId),
          value: encodeScheduleRecord(given),
        });
        expect(decodeRecord(record, { nowMs: null })).toEqual({
          ok: true,
          command: "schedule",
          key: given.key,
          request: {
            type: given.type,
            dataJson: given.dataJson,
            options: given.options,
            headers: {},
            appendedAtMs: 1_000,
            offset: 17,
          },
        });
      }),
    );
  });
});

describe("decodeRecord", () => {
  it("keeps data as they were written", () => {
    const dataJson = '{ "a" : 1.0, "b":[ 12345678901234567890 ],"a":"\\u00fc" }';
    const text = scheduleRecordText({ ...smallest, dataJson });
    const decoded = decodeRecord(recordOf(text), { nowMs: null });
    expect(decoded.ok && decoded.request.dataJson).toBe(dataJson);
  });

  it("keeps the task's headers and no others", () => {
    const headers = { traceparent: "00-a-b-01", "horae-a": "1", cookie: "x", "Horae-b": "2" };
    const decoded = decodeRecord(recordOf(scheduleRecordText(smallest), { headers }), {
      nowMs: null,
    });
    expect(decoded.ok && decoded.request.headers).toEqual({
      traceparent: "00-a-b-01",
      "horae-a": "1",
    });
  });

  it("says code and path of the first problem and a line about all", () => {
    const text =
      '{"version":1,"command":"schedule","orderingId":"o","scheduledTime":-1,"type":"?"}';
    expect(decodeRecord(recordOf(text), { nowMs: null })).toEqual({
      ok: false,
      code: "TIME_OUT_OF_RANGE",
      path: "scheduledTime",
      message: expect.stringMatching(
        /^scheduledTime: expected .*; uniquenessKey: expected .*; type: expected /,
      ) as string,
    });
  });

  it("checks the horizon only when it is told the time", () => {
    const record = recordOf(scheduleRecordText(smallest));
    expect(decodeRecord(record, { nowMs: 0 })).toMatchObject({ code: "TIME_OUT_OF_RANGE" });
    expect(decodeRecord(record, { nowMs: null }).ok).toBe(true);
  });

  it("refuses 100,000 levels without harm", () => {
    const dataJson = "[".repeat(100_000) + "]".repeat(100_000);
    const decoded = decodeRecord(recordOf(scheduleRecordText({ ...smallest, dataJson })), {
      nowMs: null,
    });
    expect(decoded).toMatchObject({ ok: false, code: "DATA_TOO_DEEP" });
  });

  it("throws nothing, whatever the bytes", () => {
    const valid = encodeScheduleRecord({ ...smallest, dataJson: '{"a":["b",1e2]}' });
    const spoilt = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
      .map((changes) => {
        const bytes = valid.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(spoilt, fc.uint8Array()), (value) => {
        const decoded = decodeRecord(recordOf("", { value }), { nowMs: 0 });
        expect(typeof decoded.ok).toBe("boolean");
      }),
      { numRuns: 1_000 },
    );
  });
});
