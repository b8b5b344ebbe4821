import fc from "fast-check";
import { splitRows } from "../src/split-rows.ts";

describe("splitRows", () => {
  it("holds at most 100 rows in a batch", () => {
    const rows = Array.from({ length: 250 }, (_, i) => ["queue", i]);
    expect(splitRows(rows).map((batch) => batch.length)).toEqual([100, 100, 50]);
  });

  it("holds at most 32 KiB in a batch, counted in bytes of UTF-8", () => {
    const rows = Array.from({ length: 6 }, () => ["é".repeat(5_000)]);
    expect(splitRows(rows).map((batch) => batch.length)).toEqual([3, 3]);
  });

  it("sends a row alone that is larger than a batch", () => {
    const small = ["a"];
    const large = ["x".repeat(200_000)];
    expect(splitRows([small, large, small, small])).toEqual([[small], [large], [small, small]]);
  });

  it("has nothing to send for no rows", () => {
    expect(splitRows([])).toEqual([]);
  });

  it("loses, doubles and reorders nothing", () => {
    const row = fc.tuple(fc.string({ maxLength: 20_000 }), fc.nat());
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const batches = splitRows(rows);
        expect(batches.flat()).toEqual(rows);
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
