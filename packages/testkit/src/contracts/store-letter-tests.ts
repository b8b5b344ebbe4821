import { deadLetter, statusCells, taskKey, taskRequest } from "../task-factory.ts";
import type { StoreBench } from "./store-bench.ts";

export function testDeadLetters(bench: StoreBench): void {
  function load(fromMs = 0, toMs = 2 ** 47, rowsMax = 100) {
    const { partition } = bench;
    return bench.store.loadDeadLetters({ partition, fromMs, toMs, rowsMax });
  }

  async function write(timestamp: number, fields: Parameters<typeof deadLetter>[0]) {
    const letter = deadLetter(fields);
    await bench.store.writeDeadLetter({ partition: bench.partition, timestamp, letter });
    return letter;
  }

  it("carry the whole request and status", async () => {
    const letter = await write(10, {
      failedAtMs: 1_700_000_000_000,
      request: taskRequest({ dataJson: '{"n":1.0}', headers: { a: "ü" }, offset: 7 }),
      status: statusCells({ status: "failed", attempts: 5, finishedAtMs: 1_700_000_000_000 }),
    });
    expect(await load()).toEqual([letter]);
  });

  it("are read in the order of failure, then of keys, within bounds and a page at a time", async () => {
    const [b, c, a] = [
      await write(10, { failedAtMs: 200, key: taskKey({ orderingId: "b" }) }),
      await write(10, { failedAtMs: 300, key: taskKey({ orderingId: "a" }) }),
      await write(10, { failedAtMs: 200, key: taskKey({ orderingId: "a" }) }),
    ];
    expect(await load()).toEqual([a, b, c]);
    expect(await load(200, 300)).toEqual([a, b]);
    expect(await load(201)).toEqual([c]);
    expect(await load(0, 2 ** 47, 1)).toEqual([a]);
  });

  it.each([
    ["in order", [10, 20]],
    ["in reverse", [20, 10]],
  ])("of the highest timestamp win, %s", async (_what, timestamps) => {
    for (const timestamp of timestamps) {
      await write(timestamp, { request: taskRequest({ dataJson: String(timestamp) }) });
    }
    expect(await load()).toMatchObject([{ request: { dataJson: "20" } }]);
  });
}
