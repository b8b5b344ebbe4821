// A process with a directory open that does what its parent says: a line of JSON on its standard
// input, [action, ...arguments], is answered by one on its standard output, {result} or {error}.
// A rejection that nobody handles ends it, as it would end an application.
import { createInterface } from "node:readline";
import { openEmbedded } from "@horae/embedded";

const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(() => fire(), delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

const QUEUE = { name: "full", partitions: 2, bucketMs: 60_000 };
const VALUE_BYTES = 3_000;
const FIRST_KEY = { scheduledTimeMs: 0, orderingId: "", uniquenessKey: "" };

let queue;

const valueOf = (number) => Buffer.alloc(VALUE_BYTES, number % 256);

async function append(number) {
  const record = { partition: 0, key: Buffer.from("k"), value: valueOf(number), headers: {} };
  return (await queue.log.append(record)).offset;
}

const actions = {
  async open(dir) {
    queue = await openEmbedded({ dir, queue: QUEUE, clock });
  },
  close: () => queue.close(),
  append,
  /** Appends the numbers from `from` on until one is refused; answers how many were not, and why. */
  async appendUntilRefused(from) {
    for (let number = from; ; number++) {
      try {
        await append(number);
      } catch (error) {
        return { appended: number - from, error: fieldsOf(error) };
      }
    }
  },
  /** Appends many at a time; answers how many were taken. */
  async appendMany(count, from) {
    const calls = Array.from({ length: count }, (_, index) => append(from + index));
    const ended = await Promise.allSettled(calls);
    return ended.filter(({ status }) => status === "fulfilled").length;
  },
  async persist(rows, dataBytes) {
    const request = {
      type: "t",
      dataJson: JSON.stringify("x".repeat(dataBytes)),
      options: {},
      headers: {},
      appendedAtMs: 1,
      offset: 1,
    };
    await queue.store.persistTasks({
      partition: 1,
      bucket: 0,
      timestamp: 1,
      rows: Array.from({ length: rows }, (_, index) => ({
        key: { scheduledTimeMs: 1, orderingId: "o", uniquenessKey: `u${index}` },
        request,
      })),
    });
  },
  async persisted() {
    const bucket = { partition: 1, bucket: 0, from: FIRST_KEY, to: null, rowsMax: 10_000 };
    return (await queue.store.loadTasks(bucket)).length;
  },
  endOffset: async () => (await queue.log.bounds(0)).endOffset,
  /** Reads so many records; answers how many of them hold what their offset says. */
  async readWhole(count) {
    const reader = queue.log.openReader({ partition: 0, fromOffset: 0 });
    let whole = 0;
    for (let read = 0; read < count;) {
      for (const { offset, value } of await reader.read({ recordsMax: 100, bytesMax: 10 ** 7 })) {
        if (offset === read++ && Buffer.compare(value, valueOf(offset)) === 0) whole++;
      }
    }
    await reader.close();
    return whole;
  },
};

function fieldsOf({ name, code, certain, retryable, message }) {
  return { name, code, certain, retryable, message };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [action, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await actions[action](...args)) ?? null };
  } catch (error) {
    answer = { error: fieldsOf(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
