import { compareTaskKeys, lowerBoundKey, type TaskKey } from "@horae/core";
import fc from "fast-check";
import {
  bucketRange,
  numberOf,
  numbersKey,
  partitionRange,
  taskKeyBytes,
  taskKeyOf,
} from "../src/key-bytes.ts";

const id = fc
  .string({ unit: "binary", minLength: 1, maxLength: 20 })
  .filter((text) => !text.includes("\u0000"));
const key = fc.record({
  scheduledTimeMs: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 47 })),
  orderingId: fc.oneof(id, fc.constantFrom("a", "aa", "a\u0001", "😀", "\uff5e")),
  uniquenessKey: fc.oneof(id, fc.constantFrom("a", "aa", "a\u0001", "😀", "\uff5e")),
});

const signOf = (number: number): number => Math.sign(number) + 0;
const bytesOf = (task: TaskKey): Buffer => taskKeyBytes(1, 2, task);

describe("the bytes of a task key", () => {
  it("sort as the keys do", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(signOf(Buffer.compare(bytesOf(a), bytesOf(b)))).toBe(signOf(compareTaskKeys(a, b)));
      }),
    );
  });

  it("say the key", () => {
    fc.assert(
      fc.property(key, (task) => {
        expect(taskKeyOf(bytesOf(task))).toEqual(task);
      }),
    );
  });

  it("sort by partition first and then by bucket, inside the ranges of both", () => {
    const number = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(number, number, key, (partition, bucket, task) => {
        const bytes = taskKeyBytes(partition, bucket, task);
        for (const { from, to } of [bucketRange(partition, bucket), partitionRange(partition)]) {
          expect(Buffer.compare(from, bytes)).toBeLessThan(0);
          expect(Buffer.compare(bytes, to)).toBeLessThan(0);
        }
        expect(Buffer.compare(bucketRange(partition, bucket + 1).from, bytes)).toBeGreaterThan(0);
      }),
    );
  });

  it("take bounds: empty ids, times outside, fractions", () => {
    const task = { scheduledTimeMs: 5, orderingId: "\u0001", uniquenessKey: "\u0001" };
    expect(Buffer.compare(bytesOf(lowerBoundKey(5)), bytesOf(task))).toBeLessThan(0);
    expect(Buffer.compare(bytesOf(lowerBoundKey(4.5)), bytesOf(task))).toBeLessThan(0);
    expect(Buffer.compare(bytesOf(lowerBoundKey(5.5)), bytesOf(task))).toBeGreaterThan(0);
    expect(Buffer.compare(bytesOf(lowerBoundKey(-7)), bytesOf(task))).toBeLessThan(0);
    expect(Buffer.compare(bytesOf(lowerBoundKey(Infinity)), bytesOf(task))).toBeGreaterThan(0);
  });
});

describe("a key of numbers", () => {
  it("sorts by number, and says them", () => {
    const numbers = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 47];
    const keys = numbers.map((number) => numbersKey(3, number, 7));
    expect(keys.toSorted((a, b) => Buffer.compare(a, b))).toEqual(keys);
    expect(keys.map((bytes) => [numberOf(bytes, 0), numberOf(bytes, 1)])).toEqual(
      numbers.map((number) => [number, 7]),
    );
  });
});
