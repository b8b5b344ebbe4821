import { type LogBench, readSome, text } from "./log-bench.ts";

export function testQuarantine(bench: LogBench): void {
  it("keeps the bytes of a record with reason and place, once", async () => {
    const offset = await bench.append("not a task", { "horae-note": "why" });
    const [record] = await readSome(bench.reader(0, offset), 1);
    const entry = { record: record!, reason: "RECORD_NOT_JSON", message: "not JSON at 0" };
    await bench.log.quarantine(entry);
    await bench.log.quarantine(entry);
    const kept = await bench.underTest.quarantined(0);
    const found = kept.filter((each) => each.record.offset === offset);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      reason: "RECORD_NOT_JSON",
      message: "not JSON at 0",
      record: { partition: 0, offset, headers: { "horae-note": "why" } },
    });
    expect(text(found[0]!.record.value)).toBe("not a task");
    expect(text(found[0]!.record.key)).toBe("customer-42");
  });

  it("keeps records without key or value", async () => {
    const offset = await bench.underTest.appendRaw({ partition: 0, key: null, value: null });
    const [record] = await readSome(bench.reader(0, offset), 1);
    await bench.log.quarantine({ record: record!, reason: "VALUE_NULL", message: "no value" });
    const kept = await bench.underTest.quarantined(0);
    expect(kept.find((entry) => entry.record.offset === offset)).toMatchObject({
      reason: "VALUE_NULL",
      record: { key: null, value: null },
    });
  });
}
