import { createHash } from "node:crypto";
import { encodeUtf8, type ListedRecord, type LogRecord, partitionOf } from "@horae/core";
import { type KafkaQuarantine, openKafkaQuarantine } from "@horae/kafka";
import {
  openTopic,
  readAll,
  realClock,
  requestFor,
  START_MS,
  type TestTopic,
  text,
} from "./cluster.ts";

let topic: TestTopic;
let quarantine: KafkaQuarantine;

beforeEach(async () => {
  topic = await openTopic();
  quarantine = openKafkaQuarantine({ settings: topic.settings, clock: realClock });
}, START_MS);

afterEach(async () => {
  await quarantine.close();
  await topic.close();
});

async function list(filter = {}): Promise<ListedRecord[]> {
  const records: ListedRecord[] = [];
  for await (const record of quarantine.list(filter)) records.push(record);
  return records;
}

async function produce(message: object, partition = 0): Promise<void> {
  const producer = topic.kafka.producer();
  await producer.connect();
  await producer.send({
    topic: topic.settings.topic,
    messages: [{ partition, value: null, ...message }],
  });
  await producer.disconnect();
}

async function readOne(partition: number, fromOffset = 0): Promise<LogRecord> {
  const reader = topic.openLog().openReader({ partition, fromOffset });
  const [record] = await readAll(reader, 1);
  await reader.close();
  return record!;
}

test("a bad record is kept with its bytes, headers and reason, once", async () => {
  const headers = { twice: ["1", "2"], bytes: Buffer.from([255, 0]) };
  await produce({ key: "k", value: Buffer.from([1, 2, 255]), headers }, 2);
  const record = await readOne(2);
  const log = topic.openLog();
  const entry = { record, reason: "RECORD_NOT_UTF8", message: "expected valid UTF-8" };
  await log.quarantine(entry);
  await log.quarantine(entry);
  const kept = await list();
  expect(kept.length).toBe(1);
  expect(kept[0]).toMatchObject({
    partition: 2,
    offset: 0,
    reason: "RECORD_NOT_UTF8",
    message: "expected valid UTF-8",
    timestampMs: record.timestampMs,
    headers: { twice: "2" },
    cut: null,
    isReplayed: false,
  });
  expect([...kept[0]!.value!]).toEqual([1, 2, 255]);
  expect(text(kept[0]!.key)).toBe("k");
});

test("replay appends the original bytes to the partition of the key, and only once", async () => {
  const log = topic.openLog();
  const headers = { twice: ["1", "2"], bytes: Buffer.from([255, 0]) };
  const right = partitionOf("k", 4);
  const wrong = (right + 1) % 4;
  await produce({ key: "k", value: "version 2", headers }, wrong);
  await produce({ key: null, value: "keyless" }, wrong);
  const reader = log.openReader({ partition: wrong, fromOffset: 0 });
  const [first, second] = await readAll(reader, 2);
  await log.quarantine({ record: first!, reason: "VERSION_UNSUPPORTED", message: "" });
  await log.quarantine({ record: second!, reason: "KEY_MISSING", message: "" });
  const unsupported = { reason: "VERSION_UNSUPPORTED" };
  expect(await list(unsupported)).toMatchObject([{ offset: 0, isReplayed: false }]);
  expect(await quarantine.replay(unsupported)).toEqual({ replayed: 1, cut: [] });
  const replayed = await readOne(right);
  expect(text(replayed.value)).toBe("version 2");
  // The bytes of the headers too: quarantined again, they are still the same.
  await log.quarantine({ record: replayed, reason: "AGAIN", message: "" });
  expect(replayed.headers).toMatchObject({ twice: "2" });
  expect(Object.keys(replayed.headers)).toEqual(["twice", "bytes"]);
  expect(await quarantine.replay(unsupported)).toEqual({ replayed: 0, cut: [] });
  expect((await list(unsupported))[0]!.isReplayed).toBe(true);
  const positions = [{ partition: wrong, offset: 1 }];
  expect(await quarantine.replay({ positions })).toEqual({ replayed: 1, cut: [] });
  expect(text((await readOne(wrong, 2)).value)).toBe("keyless");
});

test("a record at the topic's limit fits whole; one beyond is cut, with length and hash", async () => {
  const log = topic.openLog();
  const limit = 1024 * 1024;
  const largest = "x".repeat(limit - 100);
  await log.append({ ...requestFor("a", 4, largest), partition: 0 });
  const record = await readOne(0);
  await log.quarantine({ record, reason: "BAD", message: "m".repeat(5_000) });
  // What came before the limit of the topic was lowered.
  const value = encodeUtf8("y".repeat(2 * limit));
  const huge = { ...record, offset: 1, key: encodeUtf8("k".repeat(9_000)), value };
  await log.quarantine({ record: huge, reason: "BAD", message: "" });
  const [whole, cut] = await list();
  expect(whole!.value!.length).toBe(largest.length);
  expect(whole!.cut).toBeNull();
  expect(cut!.value!.length).toBe(256 * 1024);
  expect(cut!.cut).toEqual({
    length: 2 * limit,
    sha256: createHash("sha256").update(value).digest("hex"),
  });
  expect(await quarantine.replay()).toEqual({ replayed: 1, cut: [{ partition: 0, offset: 1 }] });
});

test("an empty quarantine lists and replays nothing", async () => {
  expect(await list()).toEqual([]);
  expect(await quarantine.replay()).toEqual({ replayed: 0, cut: [] });
});
