import { fingerprintOf } from "@horae/core";
import {
  eventually,
  openTopic,
  readAll,
  requestFor,
  START_MS,
  type TestTopic,
  text,
} from "./cluster.ts";

let topic: TestTopic;

beforeEach(async () => {
  topic = await openTopic();
}, START_MS);

afterEach(() => topic.close());

test("what is appended is read as it was, with its offset and the broker's time", async () => {
  const log = topic.openLog();
  expect(await log.partitionCount()).toBe(4);
  const value = Uint8Array.from([0, 255, 1, 128]);
  const before = Date.now();
  const request = { ...requestFor("a", 4), value, headers: { traceparent: "00-ü" } };
  const ack = await log.append(request);
  expect(ack).toEqual({ partition: request.partition, offset: 0 });
  const reader = log.openReader({ partition: request.partition, fromOffset: 0 });
  const [record] = await readAll(reader, 1);
  expect(record).toMatchObject({ partition: request.partition, offset: 0 });
  expect(text(record!.key)).toBe("a");
  expect(new Uint8Array(record!.value!)).toEqual(value);
  expect(record!.headers).toEqual({ traceparent: "00-ü" });
  expect(record!.timestampMs).toBeGreaterThanOrEqual(before);
  expect(record!.timestampMs).toBeLessThanOrEqual(Date.now());
});

test("appends made together get the offsets of their places, in order per partition", async () => {
  const log = topic.openLog();
  const requests = Array.from({ length: 1_000 }, (_, i) => requestFor(`id-${i}`, 4, String(i)));
  const acks = await Promise.all(requests.map((request) => log.append(request)));
  for (const partition of [0, 1, 2, 3]) {
    const sent = requests.filter((request) => request.partition === partition);
    const offsets = acks.filter((ack) => ack.partition === partition).map((ack) => ack.offset);
    expect(offsets).toEqual(sent.map((_, index) => index));
    const reader = log.openReader({ partition, fromOffset: 0 });
    const records = await readAll(reader, sent.length);
    expect(records.map((record) => text(record.value))).toEqual(
      sent.map(({ value }) => text(value)),
    );
    await reader.close();
  }
});

test("nothing stays open after a close, however much was asked at once", async () => {
  const sockets = () =>
    process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  const before = sockets();
  const log = topic.openLog();
  const partitions = [0, 1, 2, 3];
  await Promise.all(
    partitions.flatMap((partition) => [
      log.bounds(partition),
      log.fingerprint({ partition, offset: 0 }),
      log.fingerprint({ partition, offset: 1 }),
    ]),
  );
  expect(sockets()).toBeGreaterThan(before);
  await log.close();
  await eventually("all sockets are closed", () => sockets() <= before);
});

test("a reader waits, needs no group, and goes on from its offset", async () => {
  const log = topic.openLog();
  for (const value of ["one", "two", "three"]) {
    await log.append({ ...requestFor("a", 4, value), partition: 1 });
  }
  const reader = log.openReader({ partition: 1, fromOffset: 2 });
  const limits = { recordsMax: 10, bytesMax: 1_000 };
  expect((await reader.read(limits)).map(({ value }) => text(value))).toEqual(["three"]);
  const elapsedMs: number[] = [];
  for (const value of ["four", "five", "six", "seven"]) {
    const waiting = reader.read(limits);
    const started = performance.now();
    await log.append({ ...requestFor("a", 4, value), partition: 1 });
    expect((await waiting).map((record) => text(record.value))).toEqual([value]);
    elapsedMs.push(performance.now() - started);
  }
  // A broker answers when there is something: no poll of 200 ms has to end first.
  expect(Math.min(...elapsedMs)).toBeLessThan(150);
  const last = reader.read(limits);
  await reader.close();
  expect(await last).toEqual([]);
  expect(await reader.read(limits)).toEqual([]);
});

test("a reader that is slow is not flooded, and misses nothing", async () => {
  const log = topic.openLog();
  const value = "x".repeat(1_000);
  const count = 6_000;
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      log.append({ ...requestFor(`id-${i}`, 4, `${i} ${value}`), partition: 0 }),
    ),
  );
  const reader = log.openReader({ partition: 0, fromOffset: 0 });
  await reader.read({ recordsMax: 1, bytesMax: 1 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const limits = { recordsMax: 500, bytesMax: 100_000 };
  const records = await readAll(reader, count - 1, limits);
  expect(records.map(({ offset }) => offset)).toEqual(
    Array.from({ length: count - 1 }, (_, i) => i + 1),
  );
});

test("bounds and fingerprint tell which log this is", async () => {
  const log = topic.openLog();
  expect(await log.bounds(2)).toEqual({ startOffset: 0, endOffset: 0 });
  expect(await log.fingerprint({ partition: 2, offset: 0 })).toBeNull();
  for (const value of ["one", "two", "three"]) {
    await log.append({ ...requestFor("a", 4, value), partition: 2 });
  }
  expect(await log.bounds(2)).toEqual({ startOffset: 0, endOffset: 3 });
  const records = await readAll(log.openReader({ partition: 2, fromOffset: 0 }), 3);
  for (const record of records) {
    const { offset } = record;
    expect(await log.fingerprint({ partition: 2, offset })).toBe(fingerprintOf(record));
  }
  expect(await log.fingerprint({ partition: 2, offset: 3 })).toBeNull();
  expect(await log.fingerprint({ partition: 2, offset: 99 })).toBeNull();
});

test("records that are gone are a gap, below the start and beyond the end", async () => {
  const log = topic.openLog();
  for (let i = 0; i < 10; i++) await log.append({ ...requestFor("a", 4), partition: 0 });
  const admin = topic.kafka.admin();
  await admin.connect();
  // kafkajs needs to have seen the topic.
  await admin.fetchTopicOffsets(topic.settings.topic);
  await admin.deleteTopicRecords({
    topic: topic.settings.topic,
    partitions: [{ partition: 0, offset: "5" }],
  });
  await admin.disconnect();
  await eventually("the records are gone", async () => (await log.bounds(0)).startOffset === 5);
  const limits = { recordsMax: 10, bytesMax: 1_000 };
  const tooLow = log.openReader({ partition: 0, fromOffset: 0 });
  await expect(tooLow.read(limits)).rejects.toMatchObject({ code: "LOG_GAP" });
  await expect(tooLow.read(limits)).rejects.toMatchObject({ code: "LOG_GAP" });
  const tooHigh = log.openReader({ partition: 0, fromOffset: 11 });
  await expect(tooHigh.read(limits)).rejects.toMatchObject({ code: "LOG_GAP" });
  expect(await log.fingerprint({ partition: 0, offset: 4 })).toBeNull();
  const fitting = log.openReader({ partition: 0, fromOffset: 5 });
  expect((await fitting.read(limits)).length).toBe(5);
});

test("a record above the topic's limit is refused for sure, and only that one", async () => {
  const log = topic.openLog();
  const limit = 1024 * 1024;
  const values = ["small", "x".repeat(limit), "also small", "y".repeat(limit - 200)];
  const outcomes = await Promise.allSettled(
    values.map((value) => log.append({ ...requestFor("a", 4, value), partition: 0 })),
  );
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  expect(outcomes[1]).toMatchObject({
    reason: { code: "RECORD_TOO_LARGE", certain: true, retryable: false },
  });
  const records = await readAll(log.openReader({ partition: 0, fromOffset: 0 }), 3);
  expect(records.map(({ value }) => value!.length)).toEqual([5, 10, limit - 200]);
});

test("a partition or topic that is not there is LOG_UNAVAILABLE", async () => {
  const log = topic.openLog();
  const request = { ...requestFor("a", 4), partition: 7 };
  await expect(log.append(request)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  await expect(log.bounds(7)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  const other = await openTopic();
  const { topic: name } = other.settings;
  const admin = topic.kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [name] });
  await admin.disconnect();
  const lost = other.openLog();
  await expect(lost.partitionCount()).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  await other.close();
});

test("aborted transactions and their marks are not delivered", async () => {
  const log = topic.openLog();
  const { topic: name } = topic.settings;
  const producer = topic.kafka.producer({
    transactionalId: `tx-${name}`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  for (const [value, commits] of [
    ["kept", true],
    ["dropped", false],
    ["kept too", true],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: name, messages: [{ key: "k", value, partition: 1 }] });
    await (commits ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
  const plain = await log.append({ ...requestFor("a", 4, "plain"), partition: 1 });
  expect(plain.offset).toBe(6);
  const reader = log.openReader({ partition: 1, fromOffset: 0 });
  const records = await readAll(reader, 3);
  expect(records.map(({ offset, value }) => [offset, text(value)])).toEqual([
    [0, "kept"],
    [4, "kept too"],
    [6, "plain"],
  ]);
});

test("what other producers write is read: compressed, without key, with doubled headers", async () => {
  const { topic: name } = topic.settings;
  const producer = topic.kafka.producer();
  await producer.connect();
  await producer.send({
    topic: name,
    compression: 1,
    messages: [
      {
        key: null,
        value: null,
        partition: 0,
        headers: { h: ["one", "two"], bytes: Buffer.from([255, 254]) },
      },
      { key: "k", value: "v".repeat(5_000), partition: 0 },
    ],
  });
  await producer.disconnect();
  const log = topic.openLog();
  const [first, second] = await readAll(log.openReader({ partition: 0, fromOffset: 0 }), 2);
  expect(first).toMatchObject({ key: null, value: null, headers: { h: "two" } });
  expect(second!.value!.length).toBe(5_000);
});
