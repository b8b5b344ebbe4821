import { compareTaskKeys, SeededRandom, type TaskKey } from "@horae/core";
import { statusCells, succeededCells, taskKey, taskRequest } from "../task-factory.ts";
import { FIRST_KEY, keysOf, type StoreBench } from "./store-bench.ts";

export function testRows(bench: StoreBench): void {
  it("keeps every field of request and status", async () => {
    const request = taskRequest({
      type: "send.reminder-2_x",
      dataJson: '{"a":1.0,"big":123456789012345678901234567890,"s":"\\u0041ü😀","n":null}',
      options: {
        maxAttempts: 7,
        attemptTimeoutMs: 1_234,
        onRetry: "skip",
        backoff: { initialMs: 5, factor: 1.5, maxMs: 900, jitter: 0.25 },
      },
      headers: { traceparent: "00-1-2-03", "horae-x": "ü😀", empty: "" },
      appendedAtMs: 1_700_000_000_123,
      offset: 2 ** 45 + 1,
    });
    const status = statusCells({
      attempts: 999,
      withdrawn: 3,
      claimOpen: true,
      nextAttemptAtMs: 1_800_000_000_001,
      lastError: { code: "TIMEOUT", message: "zu spät 😀" },
    });
    const key = taskKey();
    await bench.store.persistTasks({ ...bench.at, timestamp: 10, rows: [{ key, request }] });
    await bench.store.recordStatuses({ ...bench.at, timestamp: 11, rows: [{ key, status }] });
    expect(await bench.load()).toEqual([{ key, request, status }]);
    const bare = succeededCells({ resultJson: null, lastError: null });
    await bench.store.recordStatuses({ ...bench.at, timestamp: 12, rows: [{ key, status: bare }] });
    expect(await bench.load()).toEqual([{ key, request, status: bare }]);
  });

  it("writes no status with a request, and no request with a status", async () => {
    const [first, second] = keysOf([
      ["a", "1"],
      ["a", "2"],
    ]);
    await bench.persist(10, [first!]);
    const rows = [{ key: second!, status: succeededCells() }];
    await bench.store.recordStatuses({ ...bench.at, timestamp: 11, rows });
    expect(await bench.load()).toEqual([
      { key: first, request: taskRequest({ dataJson: "1" }), status: null },
      { key: second, request: null, status: succeededCells() },
    ]);
    await bench.persist(9, [second!], { dataJson: "2" });
    expect((await bench.load())[1]).toMatchObject({
      request: { dataJson: "2" },
      status: { status: "succeeded" },
    });
  });
}

export function testPlaces(bench: StoreBench): void {
  it("keeps buckets and partitions apart", async () => {
    const { partition, bucket } = bench.at;
    const places = [
      { partition, bucket },
      { partition, bucket: bucket + 1 },
      { partition: partition + 1_000, bucket },
    ];
    for (const [index, at] of places.entries()) {
      await bench.persist(10, [taskKey({ uniquenessKey: `u${index}` })], { at });
    }
    for (const [index, at] of places.entries()) {
      expect(await bench.loadKeys(at)).toEqual([taskKey({ uniquenessKey: `u${index}` })]);
    }
  });

  it("finds rows in the order in which they are asked for, and leaves out what is not there", async () => {
    const [a, b, c, d] = keysOf([
      ["a", "1"],
      ["b", "1"],
      ["c", "1"],
      ["d", "1"],
    ]);
    await bench.persist(10, [a!, b!, d!]);
    const rows = await bench.store.findTasks({ ...bench.at, keys: [d!, c!, a!] });
    expect(rows.map(({ key }) => key)).toEqual([d, a]);
    expect(await bench.store.findTasks({ ...bench.at, keys: [] })).toEqual([]);
  });
}

export function testLargeWrites(bench: StoreBench): void {
  it("takes 2,000 rows in one write", async () => {
    const keys = Array.from({ length: 2_000 }, (_, index) =>
      taskKey({ scheduledTimeMs: 1_000 + index, uniquenessKey: `u${index}` }),
    );
    await bench.persist(10, keys.toReversed());
    const status = succeededCells();
    const rows = keys.map((key) => ({ key, status }));
    await bench.store.recordStatuses({ ...bench.at, timestamp: 11, rows });
    const loaded = await bench.load();
    expect(loaded.map(({ key }) => key)).toEqual(keys);
    expect(loaded.every((row) => row.request !== null && row.status !== null)).toBe(true);
  });

  it("takes rows with 200 KiB of data, several in one write, and gives them back byte for byte", async () => {
    const random = new SeededRandom(3);
    const rows = Array.from({ length: 6 }, (_, index) => {
      let data = "";
      while (data.length < 200 * 1_024) data += `${random.token()}ü😀`;
      const request = taskRequest({ dataJson: JSON.stringify(data) });
      return { key: taskKey({ uniquenessKey: `u${index}` }), request };
    });
    await bench.store.persistTasks({ ...bench.at, timestamp: 10, rows });
    const loaded = await bench.load();
    const isSame = rows.map(
      ({ request }, index) => loaded[index]?.request?.dataJson === request.dataJson,
    );
    expect(isSame).toEqual(rows.map(() => true));
  });
}

/** Key order is by time and then by UTF-8 bytes, in which no string of JavaScript is compared. */
export function testKeyOrder(bench: StoreBench): void {
  it("orders ids by their UTF-8 bytes, a prefix before what it begins", async () => {
    const sorted = keysOf([
      ["a", "1"],
      ["a", "10"],
      ["a", "2"],
      ["a b", "1"],
      ["aa", "1"],
      ["ab", "1"],
      ["é", "1"],
      ["\uff5e", "1"],
      // Beyond the basic plane: in UTF-16 it would come before U+FF5E.
      ["😀", "1"],
      ["😀", "😀"],
      ["x".repeat(255), "y".repeat(255)],
    ]).toSorted(compareTaskKeys);
    await bench.persist(10, sorted.toReversed());
    expect(await bench.loadKeys()).toEqual(sorted);
    expect(sorted.map(({ orderingId }) => orderingId).slice(-2)).toEqual(["😀", "😀"]);
  });

  it("orders by time first, from the first instant to the last", async () => {
    const times = [0, 1, 255, 256, 65_536, 2 ** 32, 1_700_000_000_000, 253_402_300_799_999];
    const keys = times.map((scheduledTimeMs, index) =>
      taskKey({ scheduledTimeMs, orderingId: `o${9 - index}` }),
    );
    await bench.persist(10, keys.toReversed());
    expect(await bench.loadKeys()).toEqual(keys);
  });

  it("is the order of compareTaskKeys for keys of any kind", async () => {
    const random = new SeededRandom(11);
    const keys = new Map<string, TaskKey>();
    while (keys.size < 300) {
      const key = randomKey(random);
      keys.set(JSON.stringify(key), key);
    }
    const sorted = [...keys.values()].toSorted(compareTaskKeys);
    await bench.persist(10, [...keys.values()]);
    expect(await bench.loadKeys()).toEqual(sorted);
    const [low, high] = [sorted[70]!, sorted[220]!];
    const read = { ...bench.at, from: low, to: high, rowsMax: 1_000 };
    const part = await bench.store.loadTasks(read);
    expect(part.map(({ key }) => key)).toEqual(sorted.slice(70, 220));
  });
}

export function testRanges(bench: StoreBench): void {
  it("loads from `from`, inclusive, to `to`, exclusive, and no more than it is asked for", async () => {
    const keys = [10, 20, 30, 40].map((scheduledTimeMs) => taskKey({ scheduledTimeMs }));
    await bench.persist(10, keys);
    const load = async (from: TaskKey, to: TaskKey | null, rowsMax = 100) =>
      (await bench.store.loadTasks({ ...bench.at, from, to, rowsMax })).map(
        ({ key }) => key.scheduledTimeMs,
      );
    expect(await load(keys[1]!, keys[3]!)).toEqual([20, 30]);
    expect(await load(keys[1]!, keys[1]!)).toEqual([]);
    expect(await load(keys[3]!, keys[1]!)).toEqual([]);
    expect(await load(FIRST_KEY, null, 3)).toEqual([10, 20, 30]);
    // Bounds are no tasks: their ids are empty.
    expect(await load({ ...FIRST_KEY, scheduledTimeMs: 20 }, null)).toEqual([20, 30, 40]);
    expect(await load(FIRST_KEY, { ...FIRST_KEY, scheduledTimeMs: 30 })).toEqual([10, 20]);
  });

  it("counts a row once that has request and status, and one that has only a status", async () => {
    const keys = ["1", "2", "3", "4"].map((uniquenessKey) => taskKey({ uniquenessKey }));
    await bench.persist(10, [keys[0]!, keys[2]!]);
    const rows = [keys[0]!, keys[1]!, keys[3]!].map((key) => ({ key, status: statusCells() }));
    await bench.store.recordStatuses({ ...bench.at, timestamp: 11, rows });
    const read = { ...bench.at, from: FIRST_KEY, to: null };
    for (let rowsMax = 1; rowsMax <= 5; rowsMax++) {
      const loaded = await bench.store.loadTasks({ ...read, rowsMax });
      expect(loaded.map(({ key }) => key)).toEqual(keys.slice(0, rowsMax));
      const kinds = loaded.map(({ request, status }) => [request !== null, status !== null]);
      const all = [
        [true, true],
        [false, true],
        [true, false],
        [false, true],
      ];
      expect(kinds).toEqual(all.slice(0, rowsMax));
    }
  });
}

function randomKey(random: SeededRandom): TaskKey {
  return {
    scheduledTimeMs: 1_000 + Math.floor(random.next() * 4),
    orderingId: randomId(random),
    uniquenessKey: randomId(random),
  };
}

const LETTERS = [
  "a",
  "b",
  "\u0001",
  " ",
  "/",
  "\u007f",
  "é",
  "߿",
  "ࠀ",
  "\uffee",
  "😀",
  "\u{10ffff}",
];

function randomId(random: SeededRandom): string {
  const length = 1 + Math.floor(random.next() * 3);
  return Array.from({ length }, () => LETTERS[Math.floor(random.next() * LETTERS.length)]).join("");
}
