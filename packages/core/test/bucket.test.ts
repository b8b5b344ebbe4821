import fc from "fast-check";
import { bucketOf, bucketStartMs, SCHEDULED_TIME_MAX_MS } from "../src/index.ts";

describe("bucketOf", () => {
  it("names the slice of time that holds the key", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: SCHEDULED_TIME_MAX_MS }),
        fc.integer({ min: 1, max: 86_400_000 }),
        (scheduledTimeMs, bucketMs) => {
          const bucket = bucketOf({ scheduledTimeMs }, bucketMs);
          expect(bucketStartMs(bucket, bucketMs)).toBeLessThanOrEqual(scheduledTimeMs);
          expect(bucketStartMs(bucket + 1, bucketMs)).toBeGreaterThan(scheduledTimeMs);
        },
      ),
    );
  });

  it("begins a bucket at its first instant", () => {
    expect(bucketOf({ scheduledTimeMs: 0 }, 600_000)).toBe(0);
    expect(bucketOf({ scheduledTimeMs: 599_999 }, 600_000)).toBe(0);
    expect(bucketOf({ scheduledTimeMs: 600_000 }, 600_000)).toBe(1);
  });
});
