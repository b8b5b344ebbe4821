import type { LogRecord } from "@horae/core";
import {
  cutMessage,
  originalMessage,
  readLine,
  replayedMessage,
  wholeMessage,
} from "../src/quarantine-record.ts";
import type { OutgoingMessage } from "../src/broker.ts";

const record: LogRecord = {
  partition: 3,
  offset: 42,
  key: Buffer.from("k"),
  value: Buffer.from("value"),
  headers: { traceparent: "00-1" },
  timestampMs: 1_000,
};
const entry = { record, reason: "RECORD_NOT_JSON", message: "expected JSON" };

/** What is read back from the quarantine topic. */
function line(message: OutgoingMessage): LogRecord {
  const headers = message.headers as Record<string, string>;
  return {
    partition: 0,
    offset: 9,
    key: message.key,
    value: message.value,
    headers,
    timestampMs: 5,
  };
}

test("a record is kept with its labels, and read back without them", () => {
  expect(readLine(line(wholeMessage(entry)))).toEqual({
    kind: "record",
    record: {
      partition: 3,
      offset: 42,
      reason: "RECORD_NOT_JSON",
      message: "expected JSON",
      timestampMs: 1_000,
      quarantinedAtMs: 5,
      key: record.key,
      value: record.value,
      headers: record.headers,
      cut: null,
    },
  });
});

test("what is replayed is what was quarantined", () => {
  expect(originalMessage(line(wholeMessage(entry)))).toEqual({
    key: record.key,
    value: record.value,
    headers: record.headers,
  });
});

test("a record that is cut tells length and hash of the whole value", () => {
  const read = readLine(line(cutMessage(entry, 2)));
  expect(read).toMatchObject({
    kind: "record",
    record: {
      headers: {},
      value: Buffer.from("va"),
      // Of "value".
      cut: {
        length: 5,
        sha256: "cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619",
      },
    },
  });
});

test("records without key and value are kept as such", () => {
  const bare = { ...entry, record: { ...record, key: null, value: null } };
  expect(wholeMessage(bare)).toMatchObject({ key: null, value: null });
  expect(cutMessage(bare, 2)).toMatchObject({ key: null });
});

test("a replay is noted by position", () => {
  const note = line(replayedMessage({ partition: 3, offset: 42 }));
  expect(readLine(note)).toEqual({
    kind: "replayed",
    position: { partition: 3, offset: 42 },
  });
});

test("what somebody else wrote into the topic is nothing", () => {
  expect(readLine(record)).toBeNull();
  const odd = { "horae-quarantine-partition": "x", "horae-quarantine-offset": "1" };
  expect(readLine({ ...record, headers: odd })).toBeNull();
});
