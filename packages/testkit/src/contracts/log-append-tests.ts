import { bytes, hex, type LogBench, readSome, text } from "./log-bench.ts";
import { rejection } from "./rejection.ts";

export function testAppend(bench: LogBench): void {
  it("answers partition and offset, and offsets grow within a partition", async () => {
    const { log } = bench;
    const acks = [];
    for (const value of ["a", "b", "c"]) {
      acks.push(
        await log.append({ partition: 1, key: bytes("k"), value: bytes(value), headers: {} }),
      );
    }
    const offsets = acks.map(({ offset }) => offset);
    expect(acks.map(({ partition }) => partition)).toEqual([1, 1, 1]);
    expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
    expect(await log.partitionCount()).toBe(await log.partitionCount());
  });

  it("keeps every record of many calls at a time, each at the offset it was told", async () => {
    const { endOffset } = await bench.log.bounds(0);
    const values = Array.from({ length: 300 }, (_, index) => `v${index}`);
    const offsets = await Promise.all(values.map((value) => bench.append(value)));
    expect(new Set(offsets).size).toBe(300);
    const read = await readSome(bench.reader(0, endOffset), 300);
    expect(new Map(read.map((record) => [record.offset, text(record.value)]))).toEqual(
      new Map(offsets.map((offset, index) => [offset, values[index]])),
    );
  });

  it("keeps bytes, headers and the time of a record", async () => {
    const { log } = bench;
    const key = bytes("schlüssel-😀");
    const value = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    const headers = { traceparent: "00-abc-01", "horae-note": "grün 😀", empty: "" };
    const { offset } = await log.append({ partition: 0, key, value, headers });
    const [record] = await readSome(bench.reader(0, offset), 1);
    expect(record).toMatchObject({ partition: 0, offset, headers });
    expect(hex(record!.key)).toBe(hex(key));
    expect(hex(record!.value)).toBe(hex(value));
    expect(Number.isInteger(record!.timestampMs) && record!.timestampMs >= 0).toBe(true);
  });

  it("keeps a record of 300 KiB", async () => {
    const value = "x".repeat(300 * 1_024);
    const offset = await bench.append(value);
    const [record] = await readSome(bench.reader(0, offset), 1);
    expect(text(record!.value) === value).toBe(true);
  });

  it("refuses a record that is too large, and goes on", async () => {
    const { recordBytesMax } = bench.underTest;
    if (recordBytesMax !== undefined) {
      const error = await rejection(bench.append("x".repeat(recordBytesMax + 1)));
      expect(error).toMatchObject({ code: "RECORD_TOO_LARGE", certain: true, retryable: false });
    }
    await expect(bench.append("small")).resolves.toEqual(expect.any(Number));
  });
}
