import type { FetchedPartition, IncomingMessage } from "../src/broker.ts";
import { fetchedRecords } from "../src/fetched-records.ts";
import { headersToSend } from "../src/raw-headers.ts";

function message(offset: number, more: Partial<IncomingMessage> = {}): IncomingMessage {
  const value = Buffer.from(String(offset));
  return { offset: String(offset), timestamp: "1700000000000", key: null, value, ...more };
}

function fetched(
  messages: IncomingMessage[],
  abortedTransactions: FetchedPartition["abortedTransactions"] = null,
): FetchedPartition {
  return { partition: 1, errorCode: 0, highWatermark: "99", messages, abortedTransactions };
}

const of = (producerId: string) => ({ batchContext: { producerId, inTransaction: true } });
const mark = (producerId: string) => ({ ...of(producerId), isControlRecord: true });

test("records below the wanted offset are skipped", () => {
  const { records, nextOffset } = fetchedRecords(fetched([message(3), message(4), message(5)]), 4);
  expect(records.map(({ offset }) => offset)).toEqual([4, 5]);
  expect(records[0]).toMatchObject({ partition: 1, timestampMs: 1_700_000_000_000, headers: {} });
  expect(nextOffset).toBe(6);
});

test("nothing fetched leaves the position where it is", () => {
  expect(fetchedRecords(fetched([]), 4)).toEqual({ records: [], nextOffset: 4 });
  expect(fetchedRecords(fetched([message(2)]), 4)).toEqual({ records: [], nextOffset: 4 });
});

test("marks are left out and passed", () => {
  const { records, nextOffset } = fetchedRecords(
    fetched([message(0, of("7")), message(1, mark("7"))]),
    0,
  );
  expect(records.map(({ offset }) => offset)).toEqual([0]);
  expect(nextOffset).toBe(2);
});

test("an aborted transaction ends at its producer's mark; others are not touched", () => {
  const messages = [
    message(0, of("7")),
    message(1, of("8")),
    message(2),
    message(3, mark("7")),
    message(4, of("7")),
    message(5, mark("8")),
    message(6, mark("7")),
  ];
  const aborted = [
    { producerId: "8", firstOffset: "1" },
    { producerId: "7", firstOffset: "0" },
  ];
  const { records, nextOffset } = fetchedRecords(fetched(messages, aborted), 0);
  expect(records.map(({ offset }) => offset)).toEqual([2, 4]);
  expect(nextOffset).toBe(7);
});

test("two aborted transactions that began before the same record are both known", () => {
  const aborted = [
    { producerId: "7", firstOffset: "0" },
    { producerId: "8", firstOffset: "1" },
  ];
  const messages = [message(2, of("8")), message(3, of("7")), message(4, of("9"))];
  expect(fetchedRecords(fetched(messages, aborted), 2).records.map(({ offset }) => offset)).toEqual(
    [4],
  );
});

test("headers are text for the engine, and stay bytes for sending them on", () => {
  const headers = {
    plain: Buffer.from("grün"),
    twice: [Buffer.from("1"), Buffer.from("2")],
    bytes: Buffer.from([255]),
    nothing: null,
    __proto__x: Buffer.from("y"),
  };
  const [record] = fetchedRecords(fetched([message(0, { headers })]), 0).records;
  expect(record!.headers).toEqual({
    plain: "grün",
    twice: "2",
    bytes: "\ufffd",
    nothing: "",
    __proto__x: "y",
  });
  expect(headersToSend(record!)).toEqual({
    plain: Buffer.from("grün"),
    twice: [Buffer.from("1"), Buffer.from("2")],
    bytes: Buffer.from([255]),
    nothing: Buffer.alloc(0),
    __proto__x: Buffer.from("y"),
  });
  expect(headersToSend({ ...record! })).toEqual(record!.headers);
});
