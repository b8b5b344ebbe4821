import type { AppendAck, HoraeError } from "@horae/core";
import { settled } from "@horae/testkit";
import { AppendSender, type ProducedBatch, RECORD_BYTES_MAX } from "../src/append-sender.ts";
import type { OutgoingMessage, ProducedPartition } from "../src/broker.ts";
import { BROKER_CODES } from "../src/broker-codes.ts";
import { kafkaJsError } from "./kafkajs-error.ts";

interface Request {
  readonly nodeId: number;
  readonly batches: ProducedBatch[];
  readonly answer: (codes?: Record<number, number>) => void;
  readonly fail: (error: unknown) => void;
}

/** A cluster whose answers the test gives. Partitions 0 and 1 are led by node 1, 2 by node 2. */
function setup() {
  const requests: Request[] = [];
  const cluster = { leaders: [1, 1, 2] as number[], failure: null as Error | null, loads: 0 };
  const ends = new Map<number, number>();
  const sender = new AppendSender({
    leaders: async () => {
      cluster.loads++;
      if (cluster.failure !== null) throw cluster.failure;
      return cluster.leaders;
    },
    produce: (nodeId, batches) =>
      new Promise((resolve, reject) => {
        const answer = (codes: Record<number, number> = {}): void => {
          resolve(
            batches.map(({ partition, messages }): ProducedPartition => {
              const errorCode = codes[partition] ?? 0;
              const baseOffset = ends.get(partition) ?? 0;
              if (errorCode === 0) ends.set(partition, baseOffset + messages.length);
              return {
                partition,
                errorCode,
                baseOffset: String(errorCode === 0 ? baseOffset : -1),
              };
            }),
          );
        };
        requests.push({ nodeId, batches, answer, fail: reject });
      }),
  });
  const append = (partition: number, value = "v"): Promise<AppendAck> =>
    sender.append(partition, message(value));
  return { sender, append, requests, cluster };
}

function message(value: string): OutgoingMessage {
  return { key: Buffer.from("k"), value: Buffer.from(value), headers: {} };
}

async function outcomes(appends: Promise<AppendAck>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(appends);
  return results.map((result) =>
    result.status === "fulfilled" ? result.value.offset : (result.reason as HoraeError).code,
  );
}

const sizes = (request: Request): number[] =>
  request.batches.map(({ messages }) => messages.length);

test("64 callers cost two requests in flight, and what comes meanwhile joins the next", async () => {
  const { append, requests } = setup();
  const first = Array.from({ length: 64 }, (_, i) => append(i % 2));
  await settled();
  expect(requests.map(sizes)).toEqual([[32, 32]]);
  const second = Array.from({ length: 10 }, () => append(0));
  await settled();
  expect(requests.length).toBe(2);
  const third = Array.from({ length: 64 }, () => append(0));
  await settled();
  // Both requests are in flight: the third waits for an answer.
  expect(requests.length).toBe(2);
  requests[0]!.answer();
  await settled();
  expect(requests.map(sizes)).toEqual([[32, 32], [10], [64]]);
  requests[1]!.answer();
  requests[2]!.answer();
  expect(await outcomes(second)).toEqual(Array.from({ length: 10 }, (_, i) => 32 + i));
  expect(await outcomes(third)).toEqual(Array.from({ length: 64 }, (_, i) => 42 + i));
  await Promise.all(first);
});

test("a leader that is slow holds nobody else back", async () => {
  const { append, requests } = setup();
  for (let i = 0; i < 3; i++) {
    void append(0).catch(() => undefined);
    await settled();
  }
  const other = append(2);
  await settled();
  expect(requests.map(({ nodeId }) => nodeId)).toEqual([1, 1, 2]);
  requests[2]!.answer();
  expect(await outcomes([other])).toEqual([0]);
});

test("each record gets the outcome of its partition", async () => {
  const { append, requests } = setup();
  const appends = [append(0), append(1), append(0)];
  await settled();
  requests[0]!.answer({ 1: BROKER_CODES.NOT_ENOUGH_REPLICAS });
  expect(await outcomes(appends)).toEqual([0, "LOG_UNAVAILABLE", 1]);
});

test.each([
  ["NOT_ENOUGH_REPLICAS", "LOG_UNAVAILABLE", true, true],
  ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "APPEND_UNKNOWN", false, true],
  ["REQUEST_TIMED_OUT", "APPEND_UNKNOWN", false, true],
  // A leader that was deposed while it waited for its replicas answers the same.
  ["NOT_LEADER_FOR_PARTITION", "APPEND_UNKNOWN", false, true],
  ["KAFKA_STORAGE_ERROR", "APPEND_UNKNOWN", false, true],
  ["UNKNOWN", "APPEND_UNKNOWN", false, true],
  ["TOPIC_AUTHORIZATION_FAILED", "LOG_UNAVAILABLE", true, false],
  ["INVALID_RECORD", "LOG_UNAVAILABLE", true, false],
  ["MESSAGE_TOO_LARGE", "RECORD_TOO_LARGE", true, false],
] as const)("the leader answers %s: %s", async (name, code, certain, retryable) => {
  const { append, requests } = setup();
  const appended = append(0);
  await settled();
  requests[0]!.answer({ 0: BROKER_CODES[name] });
  await expect(appended).rejects.toMatchObject({ code, certain, retryable });
});

test("an answer without the partition leaves it open", async () => {
  const { append, requests } = setup();
  const appended = append(0);
  await settled();
  requests[0]!.batches.length = 0;
  requests[0]!.answer();
  await expect(appended).rejects.toMatchObject({ code: "APPEND_UNKNOWN" });
});

test("a connection that was never there is certain, a lost answer is not", async () => {
  const { append, requests } = setup();
  const first = append(0);
  await settled();
  const refused = { name: "KafkaJSConnectionError", code: "ECONNREFUSED" };
  requests[0]!.fail(kafkaJsError(refused));
  await expect(first).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", certain: true });
  const second = append(0);
  await settled();
  requests[1]!.fail(kafkaJsError({ name: "KafkaJSConnectionClosedError" }));
  await expect(second).rejects.toMatchObject({ code: "APPEND_UNKNOWN", certain: false });
});

test("of a batch that is too large each record is sent alone, in order", async () => {
  const { append, requests } = setup();
  const ends = outcomes([append(0, "a"), append(0, "b"), append(0, "c")]);
  await settled();
  requests[0]!.answer({ 0: BROKER_CODES.MESSAGE_TOO_LARGE });
  await settled();
  expect(requests.slice(1).map(sizes)).toEqual([[1], [1]]);
  requests[1]!.answer();
  requests[2]!.answer({ 0: BROKER_CODES.MESSAGE_TOO_LARGE });
  await settled();
  requests[3]!.answer();
  const values = requests.slice(1).map(({ batches }) => batches[0]!.messages[0]!.value!.toString());
  expect(values).toEqual(["a", "b", "c"]);
  expect(await ends).toEqual([0, "RECORD_TOO_LARGE", 1]);
});

test("a batch stays far below any topic's limit; a large record goes alone", async () => {
  const { append, requests } = setup();
  const sizesInKiB = [60, 60, 60, 300, 1, 1];
  const appends = sizesInKiB.map((size) => append(0, "x".repeat(size * 1024)));
  await settled();
  expect(requests.map(sizes)).toEqual([[2], [1]]);
  requests[0]!.answer();
  await settled();
  requests[1]!.answer();
  await settled();
  expect(requests.map(sizes)).toEqual([[2], [1], [1], [2]]);
  requests[2]!.answer();
  requests[3]!.answer();
  expect(await outcomes(appends)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a record that no broker would take is refused before it is sent", async () => {
  const { append, requests } = setup();
  await expect(append(0, "x".repeat(RECORD_BYTES_MAX))).rejects.toMatchObject({
    code: "RECORD_TOO_LARGE",
  });
  await settled();
  expect(requests).toEqual([]);
});

test("after a failure the leaders are asked for again", async () => {
  const { append, requests, cluster } = setup();
  const first = append(0);
  await settled();
  cluster.leaders = [2, 1, 2];
  requests[0]!.answer({ 0: BROKER_CODES.NOT_LEADER_FOR_PARTITION });
  await expect(first).rejects.toMatchObject({ code: "APPEND_UNKNOWN" });
  const second = append(0);
  await settled();
  expect(requests[1]!.nodeId).toBe(2);
  expect(cluster.loads).toBe(2);
  requests[1]!.answer();
  await second;
});

test("without a leader, or without a cluster, nothing is sent", async () => {
  const { append, requests, cluster } = setup();
  cluster.leaders = [-1, 1, 2];
  const lost = append(0);
  const fine = append(1);
  await expect(lost).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", retryable: true });
  await settled();
  requests[0]!.answer();
  await fine;
  await expect(append(9)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  cluster.failure = kafkaJsError({ name: "KafkaJSConnectionError", code: "ECONNREFUSED" });
  await expect(append(0)).rejects.toMatchObject({
    code: "LOG_UNAVAILABLE",
    certain: true,
    retryable: true,
  });
});

test("a close fails what was not sent; what is in flight gets its answer", async () => {
  const { sender, append, requests } = setup();
  const inFlight = [append(0), append(1)];
  await settled();
  void append(0).catch(() => undefined);
  await settled();
  const waiting = append(0);
  await settled();
  sender.close();
  await expect(waiting).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", certain: true });
  await expect(append(0)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
  requests[0]!.answer();
  expect(await outcomes(inFlight)).toEqual([0, 0]);
});
