import type { LogRecord } from "../src/index.ts";
import { encodeUtf8, fingerprintOf } from "../src/index.ts";

const record: LogRecord = {
  partition: 0,
  offset: 5,
  key: encodeUtf8("a"),
  value: encodeUtf8("foobar"),
  headers: {},
  timestampMs: 1_000,
};

describe("fingerprintOf", () => {
  it("is made of timestamp, length and hash", () => {
    expect(fingerprintOf(record)).toBe(`1000:6:${(-790_332_482 >>> 0).toString(16)}`);
  });

  it("tells records apart", () => {
    const others = [
      { ...record, timestampMs: 1_001 },
      { ...record, value: encodeUtf8("foobaz") },
      { ...record, value: encodeUtf8("foobar ") },
      { ...record, value: null },
    ];
    const fingerprints = new Set([record, ...others].map(fingerprintOf));
    expect(fingerprints.size).toBe(5);
  });

  it("does not depend on where the record is", () => {
    expect(fingerprintOf({ ...record, partition: 7, offset: 9 })).toBe(fingerprintOf(record));
  });
});
