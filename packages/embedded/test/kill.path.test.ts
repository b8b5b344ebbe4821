import { lowerBoundKey, type LogRecord, SeededRandom, type TaskRow } from "@horae/core";
import { type Embedded, openEmbedded } from "../src/index.ts";
import { Child, killChildren } from "./processes/child-process.ts";
import { realClock } from "./real-clock.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const QUEUE = { name: "killed", partitions: 3, bucketMs: 60_000 };
const ROUNDS = 20;
const ROUNDS_PER_DIRECTORY = 5;

jest.setTimeout(120_000);

afterEach(killChildren);

/** What children have acknowledged, and what must therefore be there. */
class Acknowledged {
  readonly records = new Map<string, number>();
  readonly requests = new Set<string>();
  readonly statuses = new Set<string>();
  readonly epochs = new Map<number, number>();

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [what, partition, number, value] = line.split(" ");
      if (what === "record") this.records.set(`${partition}/${number}`, Number(value));
      if (what === "request") this.requests.add(`${partition}/${number}`);
      if (what === "status") this.statuses.add(`${partition}/${number}`);
      if (what === "lease") this.epochs.set(Number(partition), Number(number));
    }
  }
}

async function readAll({ log }: Embedded, partition: number): Promise<LogRecord[]> {
  const { endOffset } = await log.bounds(partition);
  const reader = log.openReader({ partition, fromOffset: 0 });
  const records: LogRecord[] = [];
  while (records.length < endOffset) {
    records.push(...(await reader.read({ recordsMax: 1_000, bytesMax: 10_000_000 })));
  }
  await reader.close();
  return records;
}

/** Offsets without a gap, and no record torn: its length follows from the number in it. */
function checkRecords(records: readonly LogRecord[], partition: number, acked: Acknowledged): void {
  for (const [index, { offset, value }] of records.entries()) {
    const written = Number(String(value).split(".")[0]);
    const told = acked.records.get(`${partition}/${offset}`) ?? written;
    const isWhole = value!.length === Math.max(200 + (written % 4_000), String(written).length);
    if (offset !== index || !isWhole || told !== written) {
      throw new Error(`partition ${partition}, offset ${offset} at ${index}: ${String(value)}`);
    }
    acked.records.delete(`${partition}/${offset}`);
  }
}

function checkRows(rows: readonly TaskRow[], partition: number, acked: Acknowledged): void {
  for (const { key, request, status } of rows) {
    const number = key.scheduledTimeMs;
    const at = `${partition}/${number}`;
    const isWhole =
      request?.offset === number &&
      request.dataJson.length === (number % 3_000) + 2 &&
      (status === null || status.resultJson === String(number));
    if (!isWhole) throw new Error(`partition ${partition}, row ${number}`);
    acked.requests.delete(at);
    if (status !== null) acked.statuses.delete(at);
  }
}

describe("kill -9 at any instant", () => {
  it("loses nothing that was acknowledged, and tears nothing", async () => {
    let dir = temporaryDirectory();
    const random = new SeededRandom(5);
    for (let round = 1; round <= ROUNDS; round++) {
      if (round % ROUNDS_PER_DIRECTORY === 0) dir = temporaryDirectory();
      const acked = new Acknowledged();
      const child = new Child("write", dir, round);
      await child.said(5 + Math.floor(random.next() * 3_000));
      await child.kill();
      acked.take(child.lines);
      const embedded = await openEmbedded({ dir, queue: QUEUE, clock: realClock });
      for (let partition = 0; partition < QUEUE.partitions; partition++) {
        checkRecords(await readAll(embedded, partition), partition, acked);
        const bucket = { partition, bucket: 1, from: lowerBoundKey(0), to: null };
        const rows = await embedded.store.loadTasks({ ...bucket, rowsMax: 1_000_000 });
        checkRows(rows, partition, acked);
        const lease = await embedded.leases.read(partition);
        if (acked.epochs.has(partition)) {
          expect(lease).toMatchObject({ epoch: acked.epochs.get(partition), owner: null });
        }
      }
      const missing = {
        records: acked.records,
        requests: acked.requests,
        statuses: acked.statuses,
      };
      const none = { records: new Map(), requests: new Set(), statuses: new Set() };
      expect({ round, ...missing }).toEqual({ round, ...none });
      await embedded.close();
    }
  });
});
