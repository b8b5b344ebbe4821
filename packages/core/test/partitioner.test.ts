import fc from "fast-check";
import { encodeUtf8, murmur2, partitionOf, partitionOfBytes } from "../src/index.ts";
import { anyText } from "./any-text.ts";

describe("murmur2", () => {
  // UtilsTest.testMurmur2 of Apache Kafka.
  it.each([
    ["21", -973_932_308],
    ["foobar", -790_332_482],
    ["a-little-bit-long-string", -985_981_536],
    ["a-little-bit-longer-string", -1_486_304_829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971],
    ["abc", 479_470_107],
  ])("of %j is %d", (text, hash) => {
    expect(murmur2(encodeUtf8(text))).toBe(hash);
  });

  it("is an int32 for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const hash = murmur2(bytes);
        expect(hash | 0).toBe(hash);
      }),
    );
  });

  it("does not change its input", () => {
    const bytes = Uint8Array.from([1, 2, 3, 4, 5]);
    murmur2(bytes);
    expect([...bytes]).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("partitionOf", () => {
  it("is below the number of partitions, and that of the bytes", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 10_000 }), (orderingId, partitions) => {
        const partition = partitionOf(orderingId, partitions);
        expect(partition).toBe(partitionOfBytes(Buffer.from(orderingId), partitions));
        expect(partition >= 0 && partition < partitions).toBe(true);
      }),
    );
  });

  it("clears the sign as the Java client does", () => {
    // toPositive(-973932308) = 1173551340
    expect(partitionOf("21", 1_000)).toBe(340);
  });

  it("spreads ordering ids evenly", () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let i = 0; i < 8_000; i++) counts[partitionOf(`customer-${i}`, 8)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });

  it.each([0, -1, 1.5, NaN])("takes no %p partitions", (partitions) => {
    expect(() => partitionOf("a", partitions)).toThrow("at least one partition");
  });
});
