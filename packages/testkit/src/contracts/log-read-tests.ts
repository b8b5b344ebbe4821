import { settled } from "../fake-clock.ts";
import { bytes, LIMITS, type LogBench, readSome, text } from "./log-bench.ts";
import { rejection } from "./rejection.ts";

export function testReader(bench: LogBench): void {
  it("reads in offset order, from the first record at or above where it begins", async () => {
    const [, second, third] = await bench.appendAll(["1", "2", "3"]);
    const read = await readSome(bench.reader(0, second!), 2);
    expect(read.map(({ offset }) => offset)).toEqual([second, third]);
    expect(read.map(({ value }) => text(value))).toEqual(["2", "3"]);
  });

  it("takes no more than it is asked for, and at least one record whatever its size", async () => {
    const [first, , third] = await bench.appendAll(["a", "b", "c".repeat(5_000), "d"]);
    const reader = bench.reader(0, first!);
    expect((await reader.read({ recordsMax: 2, bytesMax: 1_000_000 })).length).toBeLessThan(3);
    const rest = bench.reader(0, third!);
    const large = await rest.read({ recordsMax: 10, bytesMax: 100 });
    expect(large.map(({ value }) => value!.length)).toEqual([5_000]);
    expect((await rest.read(LIMITS)).map(({ value }) => text(value))).toEqual(["d"]);
  });

  it("waits for the next record", async () => {
    const { endOffset } = await bench.log.bounds(0);
    const reader = bench.reader(0, endOffset);
    const waiting = reader.read(LIMITS);
    const offset = await bench.append("awaited");
    expect((await waiting).map((record) => record.offset)).toEqual([offset]);
    const again = reader.read(LIMITS);
    await bench.append("and again");
    expect((await again).map(({ value }) => text(value))).toEqual(["and again"]);
  });

  it("is not disturbed by other readers and other partitions", async () => {
    const first = await bench.append("mine");
    await bench.log.append({ partition: 1, key: bytes("k"), value: bytes("theirs"), headers: {} });
    await bench.append("mine too");
    const readers = [bench.reader(0, first), bench.reader(0, first)];
    for (const reader of readers) {
      const read = await readSome(reader, 2);
      expect(read.map(({ value }) => text(value))).toEqual(["mine", "mine too"]);
    }
  });

  it("ends a read that waits, and every later one, with nothing once it is closed", async () => {
    const { endOffset } = await bench.log.bounds(0);
    const reader = bench.reader(0, endOffset);
    const waiting = reader.read(LIMITS);
    // By now it does wait.
    await bench.log.bounds(0);
    await settled();
    await reader.close();
    expect(await waiting).toEqual([]);
    expect(await reader.read(LIMITS)).toEqual([]);
    await reader.close();
  });

  it("reads records without key or value", async () => {
    const offset = await bench.underTest.appendRaw({ partition: 0, key: null, value: null });
    const [record] = await readSome(bench.reader(0, offset), 1);
    expect(record).toMatchObject({ offset, key: null, value: null });
  });

  it("says so when the record it wants is not there any more", async () => {
    const offsets = await bench.appendAll(["gone", "gone too", "kept"]);
    await bench.underTest.dropBelow({ partition: 0, offset: offsets[2]! });
    const error = await rejection(bench.reader(0, offsets[0]!).read(LIMITS));
    expect(error.code).toBe("LOG_GAP");
    const [record] = await readSome(bench.reader(0, offsets[2]!), 1);
    expect(text(record!.value)).toBe("kept");
  });
}
