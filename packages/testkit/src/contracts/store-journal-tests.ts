import type { JournalPosition, JournalRow } from "@horae/core";
import { taskKey } from "../task-factory.ts";
import type { StoreBench } from "./store-bench.ts";

const START: JournalPosition = { epoch: 0, sequence: 0 };

export function testJournal(bench: StoreBench): void {
  const journal = new Journal(bench);

  it("keeps the claims of a row, in order", async () => {
    const claims = Array.from({ length: 150 }, (_, index) => ({
      key: taskKey({ orderingId: `ü😀${149 - index}` }),
      attempt: index + 1,
    }));
    await journal.append(10, { epoch: 3, sequence: 4, claims });
    await journal.append(11, { epoch: 3, sequence: 5, claims: [] });
    expect(await journal.load()).toEqual([
      { epoch: 3, sequence: 4, claims },
      { epoch: 3, sequence: 5, claims: [] },
    ]);
  });

  it("is read in the order of epoch and sequence, from a position on", async () => {
    await journal.appendAll();
    expect(await journal.places()).toEqual(["1.2", "1.10", "2.0", "2.1"]);
    expect(await journal.places({ epoch: 1, sequence: 3 })).toEqual(["1.10", "2.0", "2.1"]);
    expect(await journal.places({ epoch: 2, sequence: 0 })).toEqual(["2.0", "2.1"]);
    expect(await journal.places({ epoch: 2, sequence: 2 })).toEqual([]);
    expect(await journal.places(START, 2)).toEqual(["1.2", "1.10"]);
  });

  it.each([
    ["in order", [10, 20]],
    ["in reverse", [20, 10]],
  ])("keeps the row of the highest timestamp, %s", async (_what, timestamps) => {
    for (const attempt of timestamps) {
      await journal.append(attempt, {
        epoch: 1,
        sequence: 1,
        claims: [{ key: taskKey(), attempt }],
      });
    }
    expect(await journal.load()).toMatchObject([{ claims: [{ attempt: 20 }] }]);
  });
}

export function testJournalTrim(bench: StoreBench): void {
  const journal = new Journal(bench);

  it("is trimmed below a position, across epochs", async () => {
    await journal.appendAll();
    await journal.trim(20, 2, 1);
    expect(await journal.places()).toEqual(["2.1"]);
    await journal.trim(21, 3, 0);
    expect(await journal.places()).toEqual([]);
    await journal.append(22, rowAt(3, 0));
    expect(await journal.places()).toEqual(["3.0"]);
  });

  it("loses nothing newer to a trim, and keeps out what comes late", async () => {
    await journal.append(10, rowAt(1, 1));
    await journal.append(30, rowAt(1, 2));
    await journal.trim(20, 1, 3);
    expect(await journal.places()).toEqual(["1.2"]);
    await journal.append(15, rowAt(1, 1));
    expect(await journal.places()).toEqual(["1.2"]);
    await journal.append(15, rowAt(1, 3));
    expect(await journal.places()).toEqual(["1.2", "1.3"]);
  });

  it("is trimmed of 700 rows at a time", async () => {
    const rows = Array.from({ length: 700 }, (_, sequence) => rowAt(1, sequence));
    await Promise.all(rows.map((row) => journal.append(10, row)));
    await journal.trim(20, 1, 699);
    expect(await journal.places()).toEqual(["1.699"]);
  });
}

/** The journal of a test's partition. */
class Journal {
  readonly #bench: StoreBench;

  constructor(bench: StoreBench) {
    this.#bench = bench;
  }

  append(timestamp: number, row: JournalRow): Promise<void> {
    const { store, partition } = this.#bench;
    return store.appendClaims({ partition, timestamp, row });
  }

  async appendAll(): Promise<void> {
    const places = [
      [2, 1],
      [1, 10],
      [1, 2],
      [2, 0],
    ] as const;
    for (const [epoch, sequence] of places) await this.append(10, rowAt(epoch, sequence));
  }

  load(from = START, rowsMax = 100): Promise<readonly JournalRow[]> {
    const { store, partition } = this.#bench;
    return store.loadClaims({ partition, from, rowsMax });
  }

  async places(from = START, rowsMax = 100): Promise<string[]> {
    const rows = await this.load(from, rowsMax);
    return rows.map(({ epoch, sequence }) => `${epoch}.${sequence}`);
  }

  trim(timestamp: number, epoch: number, sequence: number): Promise<void> {
    const { store, partition } = this.#bench;
    return store.trimClaims({ partition, timestamp, below: { epoch, sequence } });
  }
}

function rowAt(epoch: number, sequence: number): JournalRow {
  return { epoch, sequence, claims: [{ key: taskKey(), attempt: 1 }] };
}
