import { HEADERS, QuarantineBench, type QuarantineUnderTest } from "./quarantine-bench.ts";

export interface QuarantineContract {
  readonly name: string;
  /** An empty log with an empty quarantine, for each test. */
  readonly setup: () => Promise<QuarantineUnderTest>;
  readonly teardown: () => Promise<void>;
  /** Longest time of a set-up, milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What every adapter of the port `Quarantine` must do. Call it at the top level of a test file. */
export function testQuarantineContract(contract: QuarantineContract): void {
  describe(`${contract.name} as a quarantine`, () => {
    const bench = new QuarantineBench();
    beforeEach(async () => {
      bench.underTest = await contract.setup();
    }, contract.timeoutMs);
    afterEach(() => contract.teardown());

    testListing(bench);
    testReplay(bench);
  });
}

function testListing(bench: QuarantineBench): void {
  it("lists what is kept, with bytes, place and reason", async () => {
    expect(await bench.list()).toEqual([]);
    const position = await bench.refuse("a", "RECORD_NOT_JSON");
    const [found, ...more] = await bench.list();
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      ...position,
      reason: "RECORD_NOT_JSON",
      message: "about a",
      timestampMs: 1,
      headers: HEADERS,
      isReplayed: false,
      cut: null,
    });
    expect(Buffer.from(found!.value!).toString()).toBe("bad a");
    expect(found!.quarantinedAtMs).toBeGreaterThan(1);
  });

  it("finds by reason and by place", async () => {
    await bench.refuse("a", "X");
    const b = await bench.refuse("b", "Y");
    const c = await bench.refuse("c", "Y");
    expect(await bench.ids({ reason: "Y" })).toEqual(["b", "c"]);
    expect(await bench.ids({ positions: [b] })).toEqual(["b"]);
    expect(await bench.ids({ positions: [b, c], reason: "X" })).toEqual([]);
  });
}

function testReplay(bench: QuarantineBench): void {
  it("replays each record once, byte for byte, to the partition of its key", async () => {
    const a = await bench.refuse("a", "X");
    await bench.refuse("b", "Y");
    const { log, quarantine } = bench.underTest;
    expect(await quarantine.replay({ reason: "X" })).toEqual({ replayed: 1, cut: [] });
    const reader = log.openReader({ partition: a.partition, fromOffset: a.offset + 1 });
    const records = await reader.read({ recordsMax: 10, bytesMax: 1_000_000 });
    await reader.close();
    const again = records.find(({ key }) => Buffer.from(key!).toString() === "a");
    expect(Buffer.from(again!.value!).toString()).toBe("bad a");
    expect(again!.headers).toEqual(HEADERS);
    expect(await quarantine.replay({ reason: "X" })).toEqual({ replayed: 0, cut: [] });
    const [x, y] = [await bench.list({ reason: "X" }), await bench.list({ reason: "Y" })];
    expect([x[0]?.isReplayed, y[0]?.isReplayed]).toEqual([true, false]);
    expect(await quarantine.replay()).toEqual({ replayed: 1, cut: [] });
  });

  it("keeps that a record was replayed when a node puts it there a second time", async () => {
    const position = await bench.refuse("a", "X");
    const { quarantine } = bench.underTest;
    await quarantine.replay();
    await bench.keep("a", "X", position);
    expect((await bench.list()).map(({ isReplayed }) => isReplayed)).toEqual([true]);
    expect(await quarantine.replay()).toEqual({ replayed: 0, cut: [] });
  });
}
