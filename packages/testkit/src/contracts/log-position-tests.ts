import { fingerprintOf } from "@horae/core";
import { type LogBench, readSome } from "./log-bench.ts";

export function testBounds(bench: LogBench): void {
  it("lie around what was appended", async () => {
    const offset = await bench.append("bounded");
    const { startOffset, endOffset } = await bench.log.bounds(0);
    expect(startOffset).toBeLessThanOrEqual(offset);
    expect(endOffset).toBeGreaterThan(offset);
  });

  it("move on when records are gone, and offsets go on growing when all are applied", async () => {
    const [, last] = await bench.appendAll(["old", "last"]);
    await bench.log.markApplied({ partition: 0, offset: last! });
    await bench.underTest.dropBelow({ partition: 0, offset: last! });
    expect((await bench.log.bounds(0)).startOffset).toBe(last);
    expect(await bench.append("new")).toBeGreaterThan(last!);
  });

  it("do not pass what is applied: the record there and all later ones stay", async () => {
    const [first, second, third] = await bench.appendAll(["1", "2", "3"]);
    await bench.log.markApplied({ partition: 0, offset: second! });
    await bench.log.markApplied({ partition: 0, offset: first! });
    const read = await readSome(bench.reader(0, second!), 2);
    expect(read.map(({ offset }) => offset)).toEqual([second, third]);
  });
}

export function testFingerprint(bench: LogBench): void {
  it("is that of the record at the offset, also when everything is applied", async () => {
    const [first, second] = await bench.appendAll(["one", "another"]);
    const records = await readSome(bench.reader(0, first!), 2);
    await bench.log.markApplied({ partition: 0, offset: second! });
    const found = await bench.log.fingerprint({ partition: 0, offset: second! });
    expect(found).toBe(fingerprintOf(records[1]!));
    expect(found).not.toBe(fingerprintOf(records[0]!));
    expect(await bench.log.fingerprint({ partition: 0, offset: second! })).toBe(found);
  });

  it("is null where there is no record", async () => {
    const { endOffset } = await bench.log.bounds(0);
    expect(await bench.log.fingerprint({ partition: 0, offset: endOffset + 1_000 })).toBeNull();
    expect(await bench.log.fingerprint({ partition: 0, offset: -1 })).toBeNull();
  });
}
